"""What a customer does on noticing a post, and what the brand does with a case: the model, and nothing else.

Each rule is a scalar function, written once; the Mesa model calls them one agent at a time, the compiled
engine in loops. `p` holds the scenario's numbers as section_name (`p.reply_empathy` is `reply.empathy`; meanings,
ranges and sources are in `parameters.py`); `p.share_probability` is, unless given, solved in `reproduction.py` so that a typical
critic wins R0 (`joining.r0`) others. A `luck` is a uniform draw in [0, 1) made by the caller. Times are hours unless a name
or its docstring says ticks. Anger lies in [0, 1], attitude towards the brand in [-1, 1]. A post's `intensity` is its author's
anger when it was written, and never changes. Its `thread` is a log factor: each reply, defence or `solved` note adds a term,
and readers join exp(thread) times as often. The post persuades, not the mood of its reader: anger that a customer has already
shows in how angry their posts are, and how many.

A tick goes like this. Each step looks at what the step before left; within steps 2 and 3 everybody looks at the same state,
within 4 and 5 authors and cases come one after another:

1. Anger has decayed to now (`decayed`).
2. Customers read the posts that they come to notice now (`notice_age` drew when, as each post appeared; how a post
   fades is in `visibility.py`), unless the post was gone before this tick. They count the distinct critics seen, then
   anger and attitude move once (`reading`).
3. On each notice a customer who is not yet a critic may join (`join_probability`) and then posts too, linked to the
   oldest of the posts that won them. An advocate may defend the brand under it instead.
4. Authors act (`still_does`): those who waited in vain resent it (`resentful`); angry critics post again (`repeats`);
   posts decided in the last tick appear: reposts of removed posts, protests of witnesses, posts after a failed dialogue,
   thanks.
5. The brand takes the cases whose lag has run out (`lag_ticks`) and that are still open (`is_open`), in the order of
   `priority`, as long as staff is free (`is_free`, `work_ends`), and does what its strategy says:
   remove (`removed_anger`, `reposts`, `protests`), answer in public (`reply_strength`, `thread_effect`, `calming`,
   `is_solved`), or talk in private (`accepts`, then rounds of `calming` and `is_solved`, and `failed_anger` at the end).
   Whoever's case is solved is reconciled, and a critic no more; what they wrote and did not take back goes on being read.
6. What was posted, removed or written under a post counts for readers from the next tick on; the brand may act on a post at once.
"""

from __future__ import annotations

import math
from typing import Any

from buzzsim.compiled import compiled
from buzzsim.model import visibility

# Stages of a customer, never left for a lower one. SILENT (had a post removed and did not post it again) and RECONCILED
# (the case is solved) are former critics: they go on reading, and never join again.
UNAWARE, AWARE, CRITIC, SILENT, RECONCILED = 0, 1, 2, 3, 4
STAGES = ("unaware", "aware", "critic", "silent", "reconciled")
CONSTRUCTIVE, VINDICTIVE, ADVOCATE, TROLL = 0, 1, 2, 3
CHARACTERS = ("constructive", "vindictive", "advocate", "troll")
# Kinds of post; WAITED_IN_VAIN is no post but stands in the same calendar of what authors do. What one author does in one
# tick is done in the order of these numbers, further occasions to repeat last.
WAITED_IN_VAIN, FIRST, REPEAT, REPOST, PROTEST, AFTER_FAILURE, THANKS = -1, 0, 1, 2, 3, 4, 5
KINDS = ("first", "repeat", "repost", "protest", "after_failure", "thanks")
# Through what somebody notices a post.
FOLLOWING, PAGE, BRAND_FOLLOWING = 0, 1, 2
CHANNELS = ("following", "page", "brand")
# Strategies; one of somebody's own chooses, case by case, what another would do, or waits.
IGNORE, CENSOR, PUBLIC_REPLY, PRIVATE_DIALOGUE, OWN, WAIT = 0, 1, 2, 3, 4, 5
# What the brand did with a case.
REMOVED, REPLIED, INVITED, TALKED = 1, 2, 3, 4
# Orders of the queue, numbered as in `parameters.ORDERS`.
FIRST_COME, MOST_FOLLOWED, ANGRIEST = 0, 1, 2

NEVER = -1.0
NO_AUDIENCE = 0.0  # the heat of a talk in private

# ---------------------------------------------------------------------------------------------- time


@compiled
def bounded(p: Any, hours: Any) -> Any:
    """Cut a duration that outlasts the run (or has no end) to one that still does, twice over, and can be counted in ticks."""
    return min(hours, 2.0 * (p.time_horizon + p.time_tick) + 1.0)


@compiled
def ticks(p: Any, hours: Any) -> Any:
    """Round a duration up to whole ticks, never to none."""
    return max(1, int(math.ceil(bounded(p, hours) / p.time_tick - 1e-9)))


@compiled
def lag_ticks(p: Any, hours: Any) -> Any:
    """Round the brand's lag to the nearest tick, even to none.

    What is due in the tick of an act is still read before it; rounded up, every act would come half a tick too late.
    """
    return int(math.floor(bounded(p, hours) / p.time_tick + 0.5))


@compiled
def decayed(p: Any, anger: Any, elapsed_ticks: Any, character: Any) -> Any:
    """Anger after some ticks without news; a troll's stays."""
    if character == TROLL or elapsed_ticks == 0 or anger == 0.0:
        return anger
    return anger * 2.0 ** (-elapsed_ticks * p.time_tick / p.anger_half_life)


# ---------------------------------------------------------------------------------------- visibility


@compiled
def prominence(p: Any, kind: Any) -> Any:
    """How much more a post is seen for what it is: those about a removal draw looks (Streisand); later shares do not inherit it."""
    return p.censor_streisand_multiplier if kind == REPOST or kind == PROTEST else 1.0


@compiled
def notice_mass(p: Any, multiplier: Any, relative_followees: Any) -> Any:
    """Expected number E of looks at a post by one reader; P(ever noticed) = 1 - exp(-E).

    `relative_followees`: how many people the reader follows, over the mean. For the constant kernel E is what one
    hour brings, for ever.
    """
    mass = p.attention_view_rate * multiplier
    if p.attention_kernel != visibility.CONSTANT:
        mass *= p.attention_half_life / math.log(2.0)
    if p.attention_dilution != 0.0:
        mass *= relative_followees**-p.attention_dilution
    return mass


@compiled
def notice_age(p: Any, mass: Any, luck: Any) -> Any:
    """Age of the post when a reader first looks at it, or NEVER: the first point of a Poisson process whose rate is visibility.

    More mass: noticed by a superset, and no later.
    """
    needed = -math.log(1.0 - luck)
    if p.attention_kernel == visibility.CONSTANT:
        return needed / mass if mass > 0.0 else NEVER
    return visibility.age_when(p, needed / mass) if needed < mass else NEVER


@compiled
def noticed_by(p: Any, mass: Any, age: Any) -> Any:
    """Chance that a reader has looked at a post by that age (`notice_age` in distribution)."""
    if p.attention_kernel == visibility.CONSTANT:
        return 1.0 - math.exp(-mass * age)
    return 1.0 - math.exp(-mass * visibility.spent(p, age))


@compiled
def second_notice_age(p: Any, mass: Any, age: Any, bump: Any, luck: Any) -> Any:
    """Time after a bump at which the second wave brings a look, or NEVER.

    A bump makes the post young again, age -> (1 - bump) * age. The looks it adds are an independent wave with the
    difference of the two visibilities as its rate (superposition).
    """
    younger, needed = (1.0 - bump) * age, -math.log(1.0 - luck)
    if not visibility.fades(p) or needed >= mass * visibility.gained(p, age, younger, math.inf):
        return NEVER
    return visibility.age_when_gained(p, age, younger, needed / mass)


@compiled
def life(p: Any, luck: Any) -> Any:
    """Hours until the author withdraws a post of their own accord; NEVER if they do not."""
    if p.attention_withdrawal_rate == 0.0:
        return NEVER
    return -math.log(1.0 - luck) / p.attention_withdrawal_rate


@compiled
def comes_sooner(again: Any, first: Any) -> Any:
    """Whether the second wave reaches a reader in an earlier tick than the first would; a tick below 0 is never."""
    return again >= 0 and (first < 0 or again < first)


# ------------------------------------------------------------------------------------------- reading


@compiled
def is_critical(kind: Any) -> Any:
    """Whether a post criticises: it angers, wins others and opens a case. Thanks do not."""
    return kind != THANKS


@compiled
def reading(
    p: Any,
    anger: Any,
    attitude: Any,
    susceptibility: Any,
    character: Any,
    intensities: Any,
    complaints: Any,
    thanks: Any,
    invitations: Any,
) -> Any:
    """Anger and attitude after one tick's notices.

    `intensities` is the sum of those of the critical posts, and may exceed 1; `complaints`, `thanks` and `invitations` count
    what was read. Thanks do not calm. Susceptibility scales anger, joining and protest, not attitude.
    """
    if character != TROLL:
        anger = min(1.0, anger + p.anger_gain * susceptibility * intensities * (1.0 - anger))
    good = thanks * p.attitude_step * p.private_thanks_effect * (1.0 - attitude)
    bad = complaints * p.attitude_step * p.attitude_negativity * (-1.0 - attitude)
    attitude = attitude + good + bad + invitations * p.private_invite_signal
    return anger, min(1.0, max(-1.0, attitude))


@compiled
def may_join(stage: Any, character: Any) -> Any:
    """Whether a reader may join the criticism; advocates never do."""
    return stage == AWARE and character != ADVOCATE


@compiled
def may_defend(stage: Any, character: Any) -> Any:
    """Whether a reader may defend the brand."""
    return stage == AWARE and character == ADVOCATE


@compiled
def social_proof(p: Any, critics_seen: Any) -> Any:
    """How the number of distinct critics seen changes the chance to join; 1 for the first."""
    return max(0.0, 1.0 + p.joining_reinforcement * (min(critics_seen, p.joining_cap) - 1))


@compiled
def join_probability(
    p: Any, susceptibility: Any, attitude: Any, critics_seen: Any, intensity: Any, thread: Any
) -> Any:
    """Chance to join on one notice of a post of that intensity.

    It is `share_probability` at intensity 0.5, for a reader of mean susceptibility and no good attitude, which would shield, who
    has seen one critic. `thread` is the sum of what is written under the post: below 0 it calms, above it inflames.
    """
    shield = 1.0 - p.joining_loyalty * max(0.0, attitude)
    pull = math.exp(
        min(300.0, p.joining_arousal * (intensity - 0.5) + thread)
    )  # beyond that joining is certain, or impossible
    return min(
        1.0, p.share_probability * susceptibility * social_proof(p, critics_seen) * pull * shield
    )


@compiled
def defends(p: Any, luck: Any) -> Any:
    """Whether an advocate defends the brand on a notice."""
    return luck < p.crowd_defence_probability


# ------------------------------------------------------------------------------------------- authors


@compiled
def criticism_spreads(p: Any) -> Any:
    """Whether anybody passes criticism on. Where R0 and so the chance to join are 0 nobody does: a complaint stays alone."""
    return p.share_probability > 0.0


@compiled
def is_a(share: Any, luck: Any) -> Any:
    """Whether a customer has a trait, each drawn on its own; the first in `character` counts, so shares are of those left over."""
    return luck < share


@compiled
def character(vindictive: Any, advocate: Any, troll: Any) -> Any:
    """Character of a customer: troll before advocate before vindictive."""
    return TROLL if troll else ADVOCATE if advocate else VINDICTIVE if vindictive else CONSTRUCTIVE


@compiled
def first_attitude(p: Any, luck: Any) -> Any:
    """Attitude of a customer before any news."""
    return min(1.0, max(-1.0, p.crowd_attitude + p.crowd_attitude_spread * (2.0 * luck - 1.0)))


@compiled
def first_anger(character: Any, given: Any) -> Any:
    """Anger at the start: a troll's is 1, else what is given (by the network file; a complainant's by the scenario), else none."""
    if character == TROLL:
        return 1.0
    return given if given >= 0.0 else 0.0


@compiled
def page_probability(p: Any, kind: Any, is_complaint: Any) -> Any:
    """Chance that a post stands on the brand's page; what is about a removal stands elsewhere."""
    if is_complaint:
        return 1.0 if p.complaint_on_page else 0.0
    return 0.0 if kind == REPOST or kind == PROTEST else p.joining_page_probability


@compiled
def still_does(kind: Any, stage: Any) -> Any:
    """Whether an author does what they planned: thanks always, a protest as witness or critic, all else only as a critic."""
    return stage == CRITIC or kind == THANKS or (kind == PROTEST and stage == AWARE)


@compiled
def may_repeat(p: Any) -> Any:
    """Whether critics have occasions to post again."""
    return criticism_spreads(p) and p.anger_repeat_rate > 0.0


@compiled
def repeat_gap(p: Any, luck: Any) -> Any:
    """Hours from one occasion to post again to the next; occasions come at the rate of anger 1."""
    return -math.log(1.0 - luck) / p.anger_repeat_rate


@compiled
def repeats(anger: Any, luck: Any) -> Any:
    """Whether a critic takes an occasion to post again: as often as they are angry."""
    return luck < anger


@compiled
def is_unanswered(answered: Any) -> Any:
    """Whether the brand has done nothing about a post so far (`answered` is the tick of its first act, a removal too, or -1)."""
    return answered < 0


@compiled
def resentful(p: Any, anger: Any, character: Any) -> Any:
    """Anger of an author whose first post nobody answered in time; only the constructive expected an answer."""
    if character != CONSTRUCTIVE:
        return anger
    return anger + p.brand_resentment * (1.0 - anger)


# --------------------------------------------------------------------------------------- the brand


@compiled
def concerns(strategy: Any, on_page: Any) -> Any:
    """Whether a strategy has any use for a post; nothing can be deleted elsewhere."""
    return on_page if strategy == CENSOR else strategy != IGNORE


@compiled
def is_handled(p: Any, luck: Any) -> Any:
    """Whether the brand comes to see a post at all."""
    return luck < p.brand_coverage


@compiled
def follows_brand(p: Any, luck: Any) -> Any:
    """Whether a customer follows the brand, and may come to see the threads that it answers."""
    return luck < p.reply_brand_reach


@compiled
def is_open(strategy: Any, gone: Any, stage: Any, talking: Any) -> Any:
    """Whether a case is still worth work when its turn comes.

    The post must be there; to be answered its author must be a critic to whom the brand is not talking already: that talk is
    about all they wrote, and the case is closed. Rounds of a talk are not asked: they go on even where the post is gone. A
    strategy of one's own is asked about every post that is there.
    """
    return not gone and (strategy == CENSOR or strategy == OWN or (stage == CRITIC and not talking))


@compiled
def work(p: Any, act: Any) -> Any:
    """Hours of work on a removal, a reply or invitation, or a private round."""
    if act == REMOVED:
        return p.brand_removal_time
    return p.brand_round_work if act == TALKED else p.brand_reply_time


@compiled
def is_free(busy_until: Any, tick: Any) -> Any:
    """Whether this tick is the nearest to the end of somebody's work (in ticks and parts of one), or later; halves round up."""
    return busy_until < tick + 0.5 - 1e-9


@compiled
def work_ends(p: Any, busy_until: Any, due_tick: Any, hours: Any) -> Any:
    """When work on a case ends, in ticks and parts of one: it began when both the case and somebody were there."""
    return max(busy_until, due_tick) + hours / p.time_tick


@compiled
def lag(p: Any, normal: Any) -> Any:
    """Hours until the brand gets to a post, lognormal, from a standard normal draw."""
    return p.brand_response_median * math.exp(p.brand_response_sigma * normal)


@compiled
def priority(p: Any, due_tick: Any, followers: Any, intensity: Any) -> Any:
    """Place of a case in the queue; the smallest is taken first (ties: older post, then smaller author number).

    Anger is that in the post, not its author's by now; private rounds queue with the rest.
    """
    if p.brand_order == MOST_FOLLOWED:
        return -float(followers)
    if p.brand_order == ANGRIEST:
        return -intensity
    return float(due_tick)


# Deleting


@compiled
def removed_anger(p: Any, anger: Any, character: Any) -> Any:
    """Anger of an author whose post was removed."""
    if character == TROLL:
        return anger
    return anger + p.censor_reactance * (1.0 - p.censor_explanation) * (1.0 - anger)


@compiled
def reposts(p: Any, stage: Any, anger: Any, luck: Any) -> Any:
    """Whether the author, if still a critic, will post it again elsewhere, marked as censored: the angrier, the likelier."""
    return (
        criticism_spreads(p)
        and stage == CRITIC
        and luck < p.censor_repost_probability * (1.0 - p.censor_explanation) * anger
    )


@compiled
def stage_after_removal(stage: Any, again: Any) -> Any:
    """Stage of an author whose post was removed: a critic who does not post it again falls silent, trolls too."""
    return SILENT if stage == CRITIC and not again else stage


@compiled
def may_protest(stage: Any, character: Any, protested: Any) -> Any:
    """Whether a witness of a removal is one who might protest: not advocates, not former critics, and nobody twice in a run."""
    return (stage == AWARE or stage == CRITIC) and character != ADVOCATE and not protested


@compiled
def protests(p: Any, susceptibility: Any, luck: Any) -> Any:
    """Whether a witness, who had noticed the post before it was removed, protests (once in a run)."""
    return (
        criticism_spreads(p)
        and luck < p.censor_protest_probability * (1.0 - p.censor_explanation) * susceptibility
    )


# Replying


@compiled
def reply_strength(p: Any) -> Any:
    """Quality of the reply less what people expect; negative when it falls short."""
    if p.complaint_at_fault:
        a, b, c = (
            p.reply_fault_empathy_weight,
            p.reply_fault_explanation_weight,
            p.reply_fault_solution_weight,
        )
    else:
        a, b, c = p.reply_empathy_weight, p.reply_explanation_weight, p.reply_solution_weight
    scale = abs(a) + abs(b) + abs(c)
    quality = 0.0
    if scale > 0.0:
        quality = (a * p.reply_empathy + b * p.reply_explanation + c * p.reply_solution) / scale
    return quality - (p.reply_expectation + p.reply_fault_penalty * p.complaint_at_fault)


@compiled
def reply_effect(p: Any, strength: Any) -> Any:
    """What a reply of that strength does; above 0 it calms.

    Once the public remembers two failures a good reply works backwards, or not at all; a poor one stays poor.
    """
    effect = p.reply_potency * strength
    return -p.reply_boomerang * effect if effect > 0.0 and p.reply_prior_failures >= 2 else effect


@compiled
def thread_effect(p: Any, strength: Any) -> Any:
    """What a reply adds to a post's `thread`: later readers join exp(-`reply_effect`) times as often."""
    return -reply_effect(p, strength)


@compiled
def defence_effect(p: Any) -> Any:
    """What an advocate's defence adds to a post's `thread`; earlier failures of the brand are not held against it."""
    return -p.reply_potency * p.crowd_defence_strength


@compiled
def heat_of(joined: Any, readers: Any) -> Any:
    """Heat of a thread: the share of its readers so far who joined in; none where nobody has read it."""
    return joined / readers if readers > 0 else 0.0


@compiled
def audience(p: Any, heat: Any) -> Any:
    """What an audience of that heat (`heat_of`) leaves of a good reply's calming, and of any reply's chance to solve."""
    return max(0.0, 1.0 - p.reply_audience_effect * heat)


@compiled
def calming(p: Any, strength: Any, heat: Any, character: Any) -> Any:
    """Factor on the author's anger: a good reply calms (less before an audience), a poor one angers.

    No reply calms the vindictive (their anger still fades), and none moves a troll.
    """
    effect = reply_effect(p, strength)
    if effect > 0.0:
        effect *= audience(p, heat)
    if character == TROLL or (character == VINDICTIVE and effect > 0.0):
        return 1.0
    return math.exp(-effect)


@compiled
def calmed(anger: Any, factor: Any) -> Any:
    """Anger after a factor, never beyond 1."""
    return min(1.0, anger * factor)


@compiled
def is_solved(p: Any, heat: Any, character: Any, luck: Any) -> Any:
    """Whether the case is solved for the author: the solution decides, not the quality of the reply.

    The less the hotter the audience and the less a reply weighs; after two failures, or for the vindictive and trolls, never.
    """
    if character == VINDICTIVE or character == TROLL or p.reply_prior_failures >= 2:
        return False
    return luck < p.reply_solution * audience(p, heat) * min(1.0, p.reply_potency)


@compiled
def solved_anger(p: Any, anger: Any) -> Any:
    """Anger of an author whose case is solved."""
    return anger * p.reply_solved_anger


@compiled
def accepts(p: Any, character: Any, luck: Any) -> Any:
    """Whether the author accepts to talk in private; the vindictive and trolls never do."""
    return character != VINDICTIVE and character != TROLL and luck < p.private_accept_probability


@compiled
def goes_on(p: Any, talk_round: Any) -> Any:
    """Whether the brand holds another round after that one."""
    return talk_round < p.private_rounds


@compiled
def solved_mark(p: Any) -> Any:
    """What the note `solved` adds to a post's `thread`."""
    return math.log(max(1e-300, 1.0 - p.private_resolved_damping))


@compiled
def withdraws(p: Any, luck: Any) -> Any:
    """Whether an author satisfied in private takes the post back (else it is marked as solved)."""
    return luck < p.private_withdraw_probability


@compiled
def thanks(p: Any, luck: Any) -> Any:
    """Whether a reconciled author thanks the brand in public."""
    return luck < p.private_thanks_probability


@compiled
def failed_anger(p: Any, anger: Any) -> Any:
    """Anger of an author whose private dialogue led nowhere."""
    return anger + p.private_disappointment * (1.0 - anger)


@compiled
def posts_after_failure(p: Any, luck: Any) -> Any:
    """Whether that author posts anew."""
    return criticism_spreads(p) and luck < p.private_failed_repost_probability
