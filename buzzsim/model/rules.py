"""The model: what a customer does on noticing a post, and what the brand does with a case.

Each rule is one decision, written once as a function of numbers. The Mesa model calls the rules one
agent at a time; the compiled engine calls them in loops. In every rule `p` holds the numbers of the
scenario: `p.reply_empathy` is the key `reply.empathy`, explained in `parameters.py`. Only
`p.share_probability` is special: unless the scenario gives it, `reproduction.py` solves it so that
a typical critic recruits R0 (`joining.r0`) others. `luck` is a random number, uniform from 0 to
below 1. Times are hours, unless a name or docstring says ticks. Anger is from 0 to 1, attitude
towards the brand from -1 to 1. The `intensity` of a post is its author's anger when it was written;
it never changes. The `thread` of a post is a number: each reply, defence or note "solved" under the
post adds a term. It multiplies the chance to join by exp(thread), which is below 1 where `thread`
is negative. The chance to join depends on the intensity of the post, not on the anger of the
reader. The anger of readers counts once they are critics: it sets the intensity of their own posts,
and how often they post again.

Before the first tick, a share of all readers is drawn who side with the complaint (`siding_law`,
`sides`), and each complaint draws its pace (`pace`).

One tick has six steps. Each step sees the state that the step before left. Within steps 2 and 3 all
customers see the same state. Within steps 4 and 5 authors and cases come one after another, and
each sees what those before it did.

1. Anger fades (`decayed`) and attitudes recover (`recovered`), by the time since they last changed.
2. Customers read the posts that they notice in this tick, unless a post was removed or withdrawn in
   an earlier tick. When a post appears, `notice_age` says when each reader will notice it;
   `visibility.py` says how posts fade. Readers count the distinct critics they have seen. Then
   anger and attitude move once (`reading`).
3. On each notice, a customer who sides with the complaint and is not yet a critic may join
   (`may_join`, `join_probability`). Whoever joins writes a post too. Where several posts persuaded
   a customer in the same tick, the oldest of them counts as the one that recruited them. An
   advocate may defend the brand under the post instead (`defends`). Then the event itself may bring
   somebody who complains (`arrival_hour`).
4. Authors do what they planned for this tick, unless their stage has changed so that the plan no
   longer applies (`still_does`). Constructive authors whose first post got no answer from the brand
   within `brand.patience` get angrier (`resentful`). Critics may post again, the angrier the more
   often (`repeats`). Posts decided in the last tick appear: reposts of removed posts, protests of
   witnesses, posts after a failed dialogue, thanks.
5. The brand takes the cases whose lag has run out (`lag_ticks`) and that are still open
   (`is_open`), in the order of `priority`, while staff is free (`is_free`, `work_ends`). As its
   strategy says, it removes the post (`removed_anger`, `reposts`, `protests`), or answers in public
   (`reply_strength`, `thread_effect`, `calming`, `is_solved`), or talks in private (`accepts`, then
   rounds of `calming` and `is_solved`, at the end perhaps `failed_anger`). An author whose case is
   solved is reconciled and no longer a critic. Their posts stay and can still recruit readers,
   unless the author takes them back.
6. Readers see what was posted, removed or written under a post from the next tick on. The brand may
   act on a new post at once.
"""

from __future__ import annotations

import math

from buzzsim.compiled import compiled
from buzzsim.model import visibility
from buzzsim.model.parameters import Numbers

# Stages of a customer, never left for a lower one. Former critics read on and never join again: the
# SILENT had a post removed and did not post it again; the RECONCILED had their case solved.
UNAWARE, AWARE, CRITIC, SILENT, RECONCILED = 0, 1, 2, 3, 4
STAGES = ("unaware", "aware", "critic", "silent", "reconciled")
CONSTRUCTIVE, VINDICTIVE, ADVOCATE, TROLL = 0, 1, 2, 3
CHARACTERS = ("constructive", "vindictive", "advocate", "troll")
# Kinds of post, which are also what an author may plan. WAITED_IN_VAIN is planned like them, but is
# no post: the author only gets angrier. What an author planned for one tick happens in the order of
# these numbers. If an occasion to repeat brings the next one in the same tick, that one comes last.
WAITED_IN_VAIN, FIRST, REPEAT, REPOST, PROTEST, AFTER_FAILURE, THANKS = -1, 0, 1, 2, 3, 4, 5
KINDS = ("first", "repeat", "repost", "protest", "after_failure", "thanks")
# Channels through which somebody notices a post.
FOLLOWING, PAGE, BRAND_FOLLOWING = 0, 1, 2
CHANNELS = ("following", "page", "brand")
# Strategies. OWN is a strategy that a user wrote: for each case it chooses one of the four
# before it, or WAIT, to be asked again later.
IGNORE, CENSOR, PUBLIC_REPLY, PRIVATE_DIALOGUE, OWN, WAIT = 0, 1, 2, 3, 4, 5
# Acts of the brand on a case.
REMOVED, REPLIED, INVITED, TALKED = 1, 2, 3, 4
# Orders of the queue, numbered as in `parameters.ORDERS`.
FIRST_COME, MOST_FOLLOWED, ANGRIEST = 0, 1, 2

NEVER = -1.0
# The heat of a talk in private. Heat is the share of a post's readers who joined because of it
# (`heat_of`), and weakens a reply (`audience`); nobody reads a private talk.
NO_AUDIENCE = 0.0

# --------------------------------------------------------------------------------------------- time


@compiled
def bounded(p: Numbers, hours: float) -> float:
    """Limit a duration to a little over twice the run, so that its number of ticks is finite.

    Nothing so late happens within the run, so the limit changes no result.
    """
    return min(hours, 2.0 * (p.time_horizon + p.time_tick) + 1.0)


@compiled
def ticks(p: Numbers, hours: float) -> int:
    """Round a duration up to whole ticks, at least one."""
    return max(1, int(math.ceil(bounded(p, hours) / p.time_tick - 1e-9)))


@compiled
def lag_ticks(p: Numbers, hours: float) -> int:
    """Round the brand's lag to the nearest number of ticks, which may be 0.

    Rounding to the nearest leaves the mean lag about as it is. Rounding up, as `ticks` does, would
    delay each act by about half a tick on average.
    """
    return int(math.floor(bounded(p, hours) / p.time_tick + 0.5))


@compiled
def decayed(p: Numbers, anger: float, elapsed_ticks: float, character: int) -> float:
    """Anger after some ticks without news; a troll's anger stays."""
    if character == TROLL or elapsed_ticks == 0 or anger == 0.0:
        return anger
    share: float = 2.0 ** (-elapsed_ticks * p.time_tick / p.anger_half_life)
    return anger * share


@compiled
def recovered(p: Numbers, attitude: float, start: float, elapsed_ticks: float) -> float:
    """Attitude after some ticks without news: on its way back to where it started."""
    if elapsed_ticks == 0 or attitude == start or p.attitude_half_life == math.inf:
        return attitude
    share: float = 2.0 ** (-elapsed_ticks * p.time_tick / p.attitude_half_life)
    return start + (attitude - start) * share


# --------------------------------------------------------------------------------------- visibility


@compiled
def prominence(p: Numbers, kind: int) -> float:
    """How many times more a post is seen than others; 1 unless it is about a removal.

    More looks at what was removed are known as the Streisand effect.
    """
    return p.censor_streisand_multiplier if kind == REPOST or kind == PROTEST else 1.0


@compiled
def notice_mass(p: Numbers, multiplier: float, relative_followees: float) -> float:
    """Expected number E of looks of one reader at a post; P(ever noticed) = 1 - exp(-E).

    This E is the `mass` of other rules. `multiplier` is how many times more the post is seen than
    others (`prominence`). `relative_followees` is how many people the reader follows, over the
    mean. Under the constant kernel a post never fades and looks never end: there `mass` is the
    expected number of looks per hour.
    """
    mass = p.attention_view_rate * multiplier
    if p.attention_kernel != visibility.CONSTANT:
        mass *= p.attention_half_life / math.log(2.0)
    if p.attention_dilution != 0.0:
        mass *= relative_followees**-p.attention_dilution
    return mass


@compiled
def pace(p: Numbers, normal: float) -> float:
    """How many times slower than the median a complaint and what it sets off are seen."""
    return math.exp(p.attention_pace_sigma * normal)


@compiled
def notice_age(p: Numbers, mass: float, pace: float, luck: float) -> float:
    """Age of the post at a reader's first look, or NEVER.

    Looks are a Poisson process; the first look is its first point.
    """
    needed = -math.log(1.0 - luck)
    if p.attention_kernel == visibility.CONSTANT:
        return pace * needed / mass if mass > 0.0 else NEVER
    return pace * visibility.age_when(p, needed / mass) if needed < mass else NEVER


@compiled
def noticed_by(p: Numbers, mass: float, pace: float, age: float) -> float:
    """Chance that a reader has looked at a post by an age: the distribution of `notice_age`."""
    if p.attention_kernel == visibility.CONSTANT:
        return 1.0 - math.exp(-mass * age / pace)
    return 1.0 - math.exp(-mass * visibility.spent(p, age / pace))


@compiled
def second_notice_age(
    p: Numbers, mass: float, pace: float, age: float, bump: float, luck: float
) -> float:
    """Hours from a reply or invitation to the first look that it adds for a reader, or NEVER.

    A reply, or an invitation to talk, makes the post as visible as a younger one, whose age is
    1 - bump times its own. A reader then looks more often than at a post left alone. These added
    looks are a Poisson process of their own (the second wave), independent of the looks that would
    have come anyway (the first wave). Their rate is the visibility of the younger post less the
    visibility of the post left alone.
    """
    age, needed = age / pace, -math.log(1.0 - luck)
    younger = (1.0 - bump) * age
    if not visibility.fades(p) or needed >= mass * visibility.gained(p, age, younger, math.inf):
        return NEVER
    return pace * visibility.age_when_gained(p, age, younger, needed / mass)


@compiled
def life(p: Numbers, luck: float) -> float:
    """Hours until authors take a post back without being asked, or NEVER."""
    if p.attention_withdrawal_rate == 0.0:
        return NEVER
    return -math.log(1.0 - luck) / p.attention_withdrawal_rate


@compiled
def comes_sooner(again: int, first: int) -> bool:
    """Whether a reader's look of the second wave comes in an earlier tick than a first look.

    `again` is the tick of the look in the second wave, `first` the other; below 0 means never.
    """
    return again >= 0 and (first < 0 or again < first)


# ------------------------------------------------------------------------------------------ reading


@compiled
def is_critical(kind: int) -> bool:
    """Whether a post criticises: angers, recruits, opens a case. Only thanks do not."""
    return kind != THANKS


@compiled
def reading(
    p: Numbers,
    anger: float,
    attitude: float,
    susceptibility: float,
    character: int,
    sides: bool,
    intensities: float,
    complaints: int,
    thanks: int,
    invitations: int,
) -> tuple[float, float]:
    """Anger and attitude after the notices of one tick.

    `intensities` is the sum over the critical posts read; this sum may exceed 1. `complaints`,
    `thanks` and `invitations` are numbers of posts. Susceptibility scales how far anger rises, but
    not how far attitude moves. A reader who does not side with the complaint gets no angrier, and
    takes criticism as a reason to like the brand.
    """
    if character != TROLL and sides:
        anger = min(1.0, anger + p.anger_gain * susceptibility * intensities * (1.0 - anger))
    good = thanks * p.attitude_step * p.private_thanks_effect * (1.0 - attitude)
    told = complaints * p.attitude_step * (1.0 - attitude)
    if sides:
        told = complaints * p.attitude_step * p.attitude_negativity * (-1.0 - attitude)
    attitude = attitude + good + told + invitations * p.private_invite_signal
    return anger, min(1.0, max(-1.0, attitude))


@compiled
def may_join(stage: int, character: int, sides: bool) -> bool:
    """Whether a reader may join the criticism: one who sides with it, and no advocate."""
    return stage == AWARE and character != ADVOCATE and sides


@compiled
def may_defend(stage: int, character: int) -> bool:
    """Whether a reader may defend the brand."""
    return stage == AWARE and character == ADVOCATE


@compiled
def social_proof(p: Numbers, critics_seen: int) -> float:
    """Factor on the chance to join for the number of distinct critics seen.

    It is 1 for a reader who has seen one critic. Each further critic, up to `joining.cap`, adds
    `joining.reinforcement`.
    """
    return max(0.0, 1.0 + p.joining_reinforcement * (min(critics_seen, p.joining_cap) - 1))


@compiled
def join_probability(
    p: Numbers,
    susceptibility: float,
    attitude: float,
    critics_seen: int,
    intensity: float,
    thread: float,
) -> float:
    """Chance that a reader joins on noticing a post once.

    It equals `share_probability` where all of this holds: the post has intensity 0.5 and nothing
    under it; the reader has mean susceptibility, has seen one critic, and has an attitude of 0 or
    below. A positive attitude lowers the chance (`joining.loyalty`).
    """
    shield = 1.0 - p.joining_loyalty * max(0.0, attitude)
    # Beyond exp(300) joining is certain, or impossible.
    pull = math.exp(min(300.0, p.joining_arousal * (intensity - 0.5) + thread))
    proof = social_proof(p, critics_seen)
    return min(1.0, p.share_probability * susceptibility * proof * pull * shield)


@compiled
def defends(p: Numbers, luck: float) -> bool:
    """Whether an advocate defends the brand on a notice."""
    return luck < p.crowd_defence_probability


# ------------------------------------------------------------------------------------------ authors


@compiled
def criticism_spreads(p: Numbers) -> bool:
    """Whether anybody passes criticism on; where R0 is 0 a complaint stays alone."""
    return p.share_probability > 0.0


@compiled
def sides_vary(p: Numbers) -> bool:
    """Whether complaints differ in how many readers side with them."""
    return p.joining_sides < 1.0 and p.joining_sides_spread > 0.0


@compiled
def siding_law(p: Numbers) -> tuple[float, float]:
    """Numbers a and b of the beta distribution of the share of readers who side with a complaint.

    Its mean is `joining.sides`, and `joining.sides_spread` the correlation of two readers, 1 / (a +
    b + 1).
    """
    size = 1.0 / p.joining_sides_spread - 1.0
    return p.joining_sides * size, (1.0 - p.joining_sides) * size


@compiled
def sides(share: float, luck: float) -> bool:
    """Whether a customer sides with the complaint; `share` is the share of readers who do."""
    return luck < share


@compiled
def arrival_hour(p: Numbers, waited: float) -> float:
    """Hours until another customer complains by themselves, or NEVER.

    `waited` is the sum of the exponential gaps so far (mean 1) of a Poisson process, whose rate
    halves in `complaint.arrival_half_life`.
    """
    if waited >= p.complaint_arrivals:
        return NEVER
    return -p.complaint_arrival_half_life * math.log2(1.0 - waited / p.complaint_arrivals)


@compiled
def may_complain(stage: int) -> bool:
    """Whether a customer may complain by themselves: nobody who criticises or did so before."""
    return stage == UNAWARE or stage == AWARE


@compiled
def is_a(share: float, luck: float) -> bool:
    """Whether a customer has a trait; each trait is drawn on its own."""
    return luck < share


@compiled
def character(vindictive: bool, advocate: bool, troll: bool) -> int:
    """Character by the first trait that a customer has: troll, advocate, vindictive."""
    return TROLL if troll else ADVOCATE if advocate else VINDICTIVE if vindictive else CONSTRUCTIVE


@compiled
def first_attitude(p: Numbers, luck: float) -> float:
    """Attitude of a customer before any news."""
    return min(1.0, max(-1.0, p.crowd_attitude + p.crowd_attitude_spread * (2.0 * luck - 1.0)))


@compiled
def first_anger(character: int, given: float) -> float:
    """Anger at the start: 1 for a troll, `given` for others; `given` below 0 means none given.

    Where none is given, anger starts at 0.
    """
    if character == TROLL:
        return 1.0
    return given if given >= 0.0 else 0.0


@compiled
def page_probability(p: Numbers, kind: int, is_complaint: bool) -> float:
    """Chance that a post stands on the brand's page; 0 for posts about a removal.

    A complaint that no other post led to stands there or not, as `complaint.on_page` says. All
    other posts stand there with `joining.page_probability`, except reposts and protests, which are
    written elsewhere.
    """
    if is_complaint:
        return 1.0 if p.complaint_on_page else 0.0
    return 0.0 if kind == REPOST or kind == PROTEST else p.joining_page_probability


@compiled
def still_does(kind: int, stage: int) -> bool:
    """Whether authors do what they planned, at the stage that they are in when its tick comes.

    Most plans are carried out by critics only. A protest is carried out by a customer who is still
    aware, too; thanks at any stage.
    """
    return stage == CRITIC or kind == THANKS or (kind == PROTEST and stage == AWARE)


@compiled
def may_repeat(p: Numbers) -> bool:
    """Whether critics have occasions to post again."""
    return criticism_spreads(p) and p.anger_repeat_rate > 0.0


@compiled
def repeat_gap(p: Numbers, luck: float) -> float:
    """Hours between two occasions to post again; exponential with rate `anger.repeat_rate`.

    That rate is the rate of posts at anger 1. With less anger only some occasions are taken
    (`repeats`).
    """
    return -math.log(1.0 - luck) / p.anger_repeat_rate


@compiled
def repeats(anger: float, luck: float) -> bool:
    """Whether a critic takes an occasion to post again; the chance is the critic's anger."""
    return luck < anger


@compiled
def is_unanswered(answered: int) -> bool:
    """Whether the brand has not acted on a post; `answered` is the tick of its first act, or -1."""
    return answered < 0


@compiled
def resentful(p: Numbers, anger: float, character: int) -> float:
    """Anger of an author whose first post got no answer in time; only the constructive wait."""
    if character != CONSTRUCTIVE:
        return anger
    return anger + p.brand_resentment * (1.0 - anger)


# ---------------------------------------------------------------------------------------- the brand


@compiled
def concerns(strategy: int, on_page: bool) -> bool:
    """Whether a strategy deals with such posts; censoring deals only with those on the page."""
    return on_page if strategy == CENSOR else strategy != IGNORE


@compiled
def is_handled(p: Numbers, luck: float) -> bool:
    """Whether the brand finds a post and judges it worth handling."""
    return luck < p.brand_coverage


@compiled
def follows_brand(p: Numbers, luck: float) -> bool:
    """Whether a customer follows the brand, and so may see the threads it answers."""
    return luck < p.reply_brand_reach


@compiled
def is_open(strategy: int, gone: bool, stage: int, talking: bool) -> bool:
    """Whether a case still needs work when its turn comes.

    A removed or withdrawn post needs none. Censoring, and a strategy that a user wrote, look at
    every post that is still there. To be answered or invited, the author must also be a critic, and
    in no private talk with the brand: such a talk is about all posts of its author, so that the
    author's other cases are closed. This rule is not asked about later rounds of a talk. They go on
    even where the post is gone.
    """
    return not gone and (strategy == CENSOR or strategy == OWN or (stage == CRITIC and not talking))


@compiled
def work(p: Numbers, act: int) -> float:
    """Hours of work on a removal, a reply or invitation, or a private round."""
    if act == REMOVED:
        return p.brand_removal_time
    return p.brand_round_work if act == TALKED else p.brand_reply_time


@compiled
def is_free(busy_until: float, tick: int) -> bool:
    """Whether a member of staff can take a case in this tick.

    `busy_until` is the end of their work, in ticks and fractions. It is rounded to the nearest
    tick, halves up; they are free from that tick on.
    """
    return busy_until < tick + 0.5 - 1e-9


@compiled
def work_ends(p: Numbers, busy_until: float, due_tick: int, hours: float) -> float:
    """End of the work on a case, in ticks and fractions.

    The work begins when the case is due and the member of staff is free, whichever is later.
    """
    return max(busy_until, due_tick) + hours / p.time_tick


@compiled
def lag(p: Numbers, normal: float) -> float:
    """Hours until the brand gets to a post: lognormal, from a standard normal draw."""
    return p.brand_response_median * math.exp(p.brand_response_sigma * normal)


@compiled
def priority(p: Numbers, due_tick: int, followers: int, intensity: float) -> float:
    """Rank of a case in the queue; the smallest is taken first.

    Where ranks are equal, the older post comes first, then the smaller number of the author.
    """
    if p.brand_order == MOST_FOLLOWED:
        return -float(followers)
    if p.brand_order == ANGRIEST:
        return -intensity
    return float(due_tick)


# Deleting


@compiled
def removed_anger(p: Numbers, anger: float, character: int) -> float:
    """Anger of an author whose post was removed."""
    if character == TROLL:
        return anger
    return anger + p.censor_reactance * (1.0 - p.censor_explanation) * (1.0 - anger)


@compiled
def reposts(p: Numbers, stage: int, anger: float, luck: float) -> bool:
    """Whether an author, if still a critic, posts a removed post elsewhere, marked as censored."""
    probability = p.censor_repost_probability * (1.0 - p.censor_explanation) * anger
    return criticism_spreads(p) and stage == CRITIC and luck < probability


@compiled
def stage_after_removal(stage: int, again: bool) -> int:
    """Stage after a removal: a critic, even a troll, who does not repost falls silent."""
    return SILENT if stage == CRITIC and not again else stage


@compiled
def may_protest(stage: int, character: int, sides: bool, protested: bool) -> bool:
    """Whether a witness of a removal may protest: as for `may_join`, critics too, once in a run."""
    return (may_join(stage, character, sides) or stage == CRITIC) and not protested


@compiled
def protests(p: Numbers, susceptibility: float, luck: float) -> bool:
    """Whether a witness, who noticed the post before it was removed, protests."""
    probability = p.censor_protest_probability * (1.0 - p.censor_explanation) * susceptibility
    return criticism_spreads(p) and luck < probability


# Replying


@compiled
def reply_strength(p: Numbers) -> float:
    """Quality of the reply minus the quality that people expect; negative when it falls short.

    Quality is a weighted mean of the empathy, the explanation and the solution of the reply; a, b
    and c are their three weights, in this order. Where the brand erred (`complaint.at_fault`) other
    weights apply, and people expect more.
    """
    a, b, c = p.reply_empathy_weight, p.reply_explanation_weight, p.reply_solution_weight
    if p.complaint_at_fault:
        a, b = p.reply_fault_empathy_weight, p.reply_fault_explanation_weight
        c = p.reply_fault_solution_weight
    scale = abs(a) + abs(b) + abs(c)
    quality = 0.0
    if scale > 0.0:
        quality = (a * p.reply_empathy + b * p.reply_explanation + c * p.reply_solution) / scale
    return quality - (p.reply_expectation + p.reply_fault_penalty * p.complaint_at_fault)


@compiled
def reply_effect(p: Numbers, strength: float) -> float:
    """Effect of a reply: above 0 it calms, below 0 it angers.

    Where the public remembers two or more earlier failures of the brand (`reply.prior_failures`), a
    reply that would calm has the opposite effect, `reply.boomerang` times as strong.
    """
    effect = p.reply_potency * strength
    return -p.reply_boomerang * effect if effect > 0.0 and p.reply_prior_failures >= 2 else effect


@compiled
def thread_effect(p: Numbers, strength: float) -> float:
    """What a reply adds to the `thread` of a post: the opposite of its effect."""
    return -reply_effect(p, strength)


@compiled
def defence_effect(p: Numbers) -> float:
    """What an advocate's defence adds to the `thread` of a post.

    Unlike `reply_effect`, it does not depend on earlier failures of the brand: the defence comes
    from a customer.
    """
    return -p.reply_potency * p.crowd_defence_strength


@compiled
def heat_of(joined: int, readers: int) -> float:
    """Heat of a post: the share of its readers so far who joined because of it; 0 without any."""
    return joined / readers if readers > 0 else 0.0


@compiled
def audience(p: Numbers, heat: float) -> float:
    """Factor on a good reply's calming and on the chance to solve: 1 without an audience.

    The more of the post's readers joined (`heat`), the smaller the factor; never below 0.
    """
    return max(0.0, 1.0 - p.reply_audience_effect * heat)


@compiled
def calming(p: Numbers, strength: float, heat: float, character: int) -> float:
    """Factor on the author's anger: below 1 for a good reply, above 1 for a poor one.

    Before an audience a good reply calms less (`audience`). It does not calm the vindictive at all,
    but a poor reply does anger them. Trolls are not moved by any reply. The anger of the vindictive
    fades with time all the same.
    """
    effect = reply_effect(p, strength)
    if effect > 0.0:
        effect *= audience(p, heat)
    if character == TROLL or (character == VINDICTIVE and effect > 0.0):
        return 1.0
    return math.exp(-effect)


@compiled
def calmed(anger: float, factor: float) -> float:
    """Anger after a factor, at most 1."""
    return min(1.0, anger * factor)


@compiled
def is_solved(p: Numbers, heat: float, character: int, luck: float) -> bool:
    """Whether the case is solved: never after two failures, nor for the vindictive and trolls.

    The factor min(1, potency) is there so that replies that weigh nothing (`reply.potency` 0) solve
    nothing. Above 1 potency adds nothing to the chance: `reply.solution` is the highest chance.
    """
    if character == VINDICTIVE or character == TROLL or p.reply_prior_failures >= 2:
        return False
    return luck < p.reply_solution * audience(p, heat) * min(1.0, p.reply_potency)


@compiled
def solved_anger(p: Numbers, anger: float) -> float:
    """Anger of an author whose case is solved."""
    return anger * p.reply_solved_anger


@compiled
def accepts(p: Numbers, character: int, luck: float) -> bool:
    """Whether the author agrees to talk in private; the vindictive and trolls never do."""
    return character != VINDICTIVE and character != TROLL and luck < p.private_accept_probability


@compiled
def goes_on(p: Numbers, talk_round: int) -> bool:
    """Whether the brand holds another round after this one."""
    return talk_round < p.private_rounds


@compiled
def solved_mark(p: Numbers) -> float:
    """What the note "solved" adds to the `thread` of a post."""
    return math.log(max(1e-300, 1.0 - p.private_resolved_damping))


@compiled
def withdraws(p: Numbers, luck: float) -> bool:
    """Whether an author whose case was solved in private takes the post back.

    If not, the post is marked as solved (`solved_mark`).
    """
    return luck < p.private_withdraw_probability


@compiled
def thanks(p: Numbers, luck: float) -> bool:
    """Whether a reconciled author thanks the brand in public."""
    return luck < p.private_thanks_probability


@compiled
def failed_anger(p: Numbers, anger: float) -> float:
    """Anger of an author whose private dialogue failed."""
    return anger + p.private_disappointment * (1.0 - anger)


@compiled
def posts_after_failure(p: Numbers, luck: float) -> bool:
    """Whether an author whose private dialogue failed posts anew."""
    return criticism_spreads(p) and luck < p.private_failed_repost_probability
