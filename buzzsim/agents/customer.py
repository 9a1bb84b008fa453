"""A customer: what they read, whether they join the criticism, and what they do as an author."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import mesa

from buzzsim.agents.post import Notice, Post
from buzzsim.model import draws, rules
from buzzsim.model.tables import TRAITS

if TYPE_CHECKING:
    from buzzsim.agents.model import BuzzModel


class Intention(NamedTuple):
    """What an author will do; sorted by kind and number."""

    kind: int
    number: int
    parent: Post


class Customer(mesa.Agent):  # type: ignore[misc]
    """One of the crowd: reads, is moved, perhaps joins, and then acts as an author.

    Parameters
    ----------
    model : BuzzModel
        The model to live in.
    number : int
        Place in the network, from 0.

    Attributes
    ----------
    stage : int
        ``rules.UNAWARE``, ``AWARE``, ``CRITIC``, ``SILENT`` or ``RECONCILED``; only ever goes up.
    character : int
        ``rules.CONSTRUCTIVE``, ``VINDICTIVE``, ``ADVOCATE`` or ``TROLL``.
    susceptibility : float
        How easily others' anger takes hold, 0 or more; 1 on average.
    anger : float
        0 to 1, decayed to now.
    attitude : float
        Towards the brand, -1 to 1.
    feed : dict of int to list of Notice
        What they are going to notice, by tick.
    plans : dict of int to list of Intention
        What they are going to do as an author, by tick.
    """

    model: BuzzModel

    def __init__(self, model: BuzzModel, number: int) -> None:
        super().__init__(model)
        self.number = number
        self.name = model.world.network.names[number]
        self.followers: list[Customer] = []  # the model fills these in when everybody is there
        self.follower_numbers: frozenset[int] = frozenset()
        self.relative_followees = model.relative_followees(number)

        self.character = self._born_as()
        self.susceptibility = self._susceptibility_at_birth()
        self.attitude = self.attitude_start = self._attitude_at_birth()
        self.stage = rules.UNAWARE
        self._anger = float(rules.first_anger(self.character, self._known("anger", -1.0)))
        self._since = 0  # the tick to which `_anger` belongs

        self.feed: defaultdict[int, list[Notice]] = defaultdict(list)
        self.reading: list[Notice] = []  # what they are looking at in this tick
        self.touched = False  # whether they ever read or wrote anything
        self.noticed = -1  # tick of the first critical notice
        self.first_post: Post | None = None
        self.first_channel = -1
        self.critics_seen: set[Customer] = set()  # counted up to the cap

        self.best: Notice | None = None  # the notice that has just won them over
        self.defends_under: list[Post] = []
        self.joined = -1  # tick of becoming a critic
        self.recruited_by: Post | None = None
        self.recruited_channel = -1
        self.entry: Post | None = None  # their own first critical post

        self.plans: defaultdict[int, list[Intention]] = defaultdict(list)
        self.occasions = 0  # number, and age in hours, of the last occasion to post again
        self.occasion_age = 0.0
        self.reposts = 0
        self.failures = 0
        self.protested = False
        self.talking = False  # in a private dialogue

    # What they are like

    @property
    def anger(self) -> float:
        """Anger, decayed to now."""
        return self.anger_at(self.model.tick)

    @anger.setter
    def anger(self, anger: float) -> None:
        self._anger, self._since = float(anger), self.model.tick

    def anger_at(self, tick: float) -> float:
        """Anger as it will have decayed by a time in ticks, without news."""
        return float(rules.decayed(self.model.p, self._anger, tick - self._since, self.character))

    def _known(self, trait: str, otherwise: float) -> float:
        """Give a trait that came with the network, or what stands in for it."""
        traits = self.model.world.net.traits
        value = float(traits[TRAITS.index(trait), self.number]) if traits.size else math.nan
        return otherwise if math.isnan(value) else value

    def _born_as(self) -> int:
        p = self.model.p
        kinds = (
            rules.is_a(self._known(trait, float(share)), self.model.luck(purpose, self.number))
            for trait, share, purpose in (
                ("vindictive", p.crowd_vindictive_share, draws.VINDICTIVE),
                ("advocate", p.crowd_advocate_share, draws.ADVOCATE),
                ("troll", p.crowd_troll_share, draws.TROLL),
            )
        )
        return int(rules.character(*kinds))

    def _susceptibility_at_birth(self) -> float:
        known = self._known("susceptibility", -1.0)
        if known >= 0.0:
            return known
        shape = self.model.p.crowd_susceptibility_shape
        return float(draws.gamma(self.model.key, draws.SUSCEPTIBILITY, self.number, shape))

    def _attitude_at_birth(self) -> float:
        known = self._known("attitude", 2.0)
        if known <= 1.0:
            return known
        return float(
            rules.first_attitude(self.model.p, self.model.luck(draws.ATTITUDE, self.number))
        )

    # Reading

    def expect(self, notice: Notice, tick: int) -> None:
        """Put into the feed what will be noticed in a tick."""
        if tick <= self.model.horizon:
            self.feed[tick].append(notice)
            self.model.reading_days[tick].add(self)

    def read(self) -> None:
        """Look at what is due; it raises anger and moves the attitude."""
        model = self.model
        due = self.feed.pop(model.tick)
        self.reading = [notice for notice in due if notice.post.is_news(self, notice.wave)]
        if not self.reading:
            return
        self.touched = True
        intensities, complaints, thanks, invitations = 0.0, 0, 0, 0
        for notice in self.reading:
            post = notice.post
            post.readers[self] = notice.channel
            model.looks.append((model.tick, self.number, post.place, notice.channel))
            invitations += post.invited
            if post.is_critical:
                complaints += 1
                intensities += post.intensity
                self._become_aware(notice)
            else:
                thanks += 1
        self.anger, self.attitude = rules.reading(
            model.p,
            self.anger,
            self.attitude,
            self.susceptibility,
            self.character,
            intensities,
            complaints,
            thanks,
            invitations,
        )

    def _become_aware(self, notice: Notice) -> None:
        """Take in a critical post, and that one more critic is there."""
        if self.noticed < 0:
            self.noticed, self.first_post, self.first_channel = (
                self.model.tick,
                notice.post,
                notice.channel,
            )
            self.stage = max(self.stage, rules.AWARE)
            self.model.reached.append(self)
        if len(self.critics_seen) < self.model.p.joining_cap:
            self.critics_seen.add(notice.post.author)

    # Joining

    def decide(self) -> None:
        """Decide on each notice whether to join the criticism or, as an advocate, to defend the brand."""
        may_join, may_defend = (
            rule(self.stage, self.character) for rule in (rules.may_join, rules.may_defend)
        )
        for notice in self.reading:
            post = notice.post
            if not post.is_critical:
                continue
            if may_defend:
                if rules.defends(self.model.p, post.luck(draws.DEFEND, self.number)):
                    self.defends_under.append(post)
            elif may_join and post.luck(draws.JOIN, self.number) < self.join_probability(post):
                if self.best is None or post.seniority < self.best.post.seniority:
                    self.best = notice

    def join_probability(self, post: Post) -> float:
        """Chance to join on noticing a post."""
        seen = len(self.critics_seen)
        chance = rules.join_probability(
            self.model.p, self.susceptibility, self.attitude, seen, post.intensity, post.thread
        )
        return float(chance)

    def speak(self) -> None:
        """Do what was decided, now that everybody has."""
        for post in self.defends_under:
            self.defend(post)
        self.defends_under.clear()
        if self.best is not None:
            self.join(self.best)
            self.best = None

    def defend(self, post: Post) -> None:
        """Defend the brand under a post."""
        post.thread += rules.defence_effect(self.model.p)
        self.model.defences += 1

    def join(self, notice: Notice) -> None:
        """Become a critic, won by a post."""
        self.recruited_by, self.recruited_channel = notice.post, notice.channel
        notice.post.recruits.append(self)
        self.write(rules.FIRST, 0, notice.post)

    # Writing

    def complain(self) -> None:
        """Start it all."""
        p = self.model.p
        self.touched = True
        self.anger = rules.first_anger(self.character, p.complaint_anger)
        self.write(rules.FIRST, 0, None)

    def write(self, kind: int, number: int, parent: Post | None) -> None:
        """Write a post; with the first, become a critic."""
        model = self.model
        post = Post(self, kind, number, parent)
        model.posts.append(post)
        if self.entry is None:
            self._become_critic(post)
        post.entry = self.entry
        post.appear()
        if post.is_critical:
            model.brand.find(post)

    def _become_critic(self, entry: Post) -> None:
        model, p = self.model, self.model.p
        self.stage, self.entry, self.joined = rules.CRITIC, entry, model.tick
        model.critics.append(self)
        if p.brand_resentment > 0.0:
            self.plan(rules.WAITED_IN_VAIN, 0, entry, model.tick + rules.ticks(p, p.brand_patience))
        if rules.may_repeat(p):
            self._await_occasion()

    def plan(self, kind: int, number: int, parent: Post, tick: int) -> None:
        """Intend to do something in a tick."""
        if tick <= self.model.horizon:
            self.plans[tick].append(Intention(kind, number, parent))
            self.model.acting_days[tick].add(self)

    def act(self) -> None:
        """Do what was planned for now."""
        for plan in sorted(self.plans.pop(self.model.tick), key=lambda plan: plan[:2]):
            self._carry_out(plan)

    def _carry_out(self, plan: Intention) -> None:
        """Do one thing, if it is still to be done."""
        kind, number, parent = plan
        if not rules.still_does(kind, self.stage):
            return
        if kind == rules.WAITED_IN_VAIN:
            if rules.is_unanswered(parent.answered):
                self.anger = rules.resentful(self.model.p, self.anger, self.character)
            return
        if kind == rules.PROTEST and self.stage == rules.AWARE:
            self.recruited_by, self.recruited_channel = parent, parent.readers[self]
        if kind != rules.REPEAT:
            self.write(kind, number, parent)
            return
        if rules.repeats(self.anger, self._repeat_luck(draws.REPEAT_KEEP, number)):
            self.write(kind, number, parent)
        self._await_occasion()

    def _await_occasion(self) -> None:
        """Intention for the next occasion to post again."""
        p, number = self.model.p, self.occasions
        self.occasions += 1
        self.occasion_age += rules.repeat_gap(p, self._repeat_luck(draws.REPEAT_GAP, number))
        if self.occasion_age <= p.time_horizon and self.entry is not None:
            self.plan(
                rules.REPEAT, number, self.entry, self.joined + rules.ticks(p, self.occasion_age)
            )

    def _repeat_luck(self, purpose: int, number: int) -> float:
        return float(draws.occasion(self.model.key, purpose, self.number, number))

    # What the brand does to them

    def face_removal(self, post: Post) -> bool:
        """Lose a post; get angrier, and post it again elsewhere (true) or fall silent."""
        p = self.model.p
        self.anger = rules.removed_anger(p, self.anger, self.character)
        again = bool(rules.reposts(p, self.stage, self.anger, post.luck(draws.REPOST)))
        self.stage = rules.stage_after_removal(self.stage, again)
        if again:
            self.plan(rules.REPOST, self.reposts, post, self.model.tick + 1)
            self.reposts += 1
        return again

    def witness_removal(self, post: Post) -> None:
        """See that a post read before is gone; perhaps protest, once."""
        may = rules.may_protest(self.stage, self.character, self.protested)
        if may and rules.protests(
            self.model.p, self.susceptibility, post.luck(draws.PROTEST, self.number)
        ):
            self.protested = True
            self.plan(rules.PROTEST, 0, post, self.model.tick + 1)

    def hear_out(self, strength: float, heat: float) -> None:
        """Let a reply calm, or anger; a factor of one leaves no trace, bit for bit."""
        factor = rules.calming(self.model.p, strength, heat, self.character)
        if factor != 1.0:
            self.anger = rules.calmed(self.anger, factor)

    def reconcile(self, post: Post) -> None:
        """Be no critic any more, the case being solved; perhaps say thanks."""
        p = self.model.p
        self.anger = rules.solved_anger(p, self.anger)
        self.stage = rules.RECONCILED
        if rules.thanks(p, post.luck(draws.THANKS)):
            self.plan(rules.THANKS, 0, post, self.model.tick + 1)

    def give_up(self, post: Post) -> None:
        """Come back disappointed from a private dialogue, perhaps with a new post."""
        p = self.model.p
        self.anger = rules.failed_anger(p, self.anger)
        if rules.posts_after_failure(p, post.luck(draws.FAILED_POST)):
            self.plan(rules.AFTER_FAILURE, self.failures, post, self.model.tick + 1)
            self.failures += 1

    def __repr__(self) -> str:
        return f"<Customer {self.name!r}, stage {self.stage}, anger {self.anger:.2f}>"
