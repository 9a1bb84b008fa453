"""The crowd: customers, the posts they write and read, and the platform on which they do so.

The three are one file because each needs the others: a post has an author and readers, a customer
has posts to read, and the platform holds both and tells them the time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import mesa
import numpy as np

from buzzsim.model import draws, rules, visibility
from buzzsim.model.tables import STILL_THERE
from buzzsim.network.world import World

if TYPE_CHECKING:
    from buzzsim.model.parameters import Numbers


class Platform(mesa.Model):  # type: ignore[misc]
    """Where customers write and read posts; `BuzzModel` adds the brand and the order of events."""

    def __init__(self, world: World, entropy: int, replicate: int) -> None:
        super().__init__(rng=entropy % 2**32)
        self.world = world
        self.p: Numbers = world.p
        self.entropy, self.replicate = entropy, replicate
        self.key = np.uint64(draws.fold(np.uint64(draws.key_of(entropy)), replicate))
        self.tick, self.horizon = 0, world.horizon_ticks  # the time now, and at the end
        self.sides = float(self.p.joining_sides)  # share of readers who side with the complaint
        if rules.sides_vary(self.p):
            self.sides = float(draws.beta(self.key, draws.SIDES, *rules.siding_law(self.p)))
        self.customers: list[Customer] = []  # by number
        self.posts: list[Post] = []  # in the order of time
        self.reached: list[Customer] = []  # who noticed a critical post, in the order of time
        # Who has something to read, or to do as an author, by tick.
        self.reading_days: defaultdict[int, set[Customer]] = defaultdict(set)
        self.acting_days: defaultdict[int, set[Customer]] = defaultdict(set)

    @property
    def critics(self) -> list[Customer]:
        """Customers who have joined the criticism, in the order of time."""
        return [post.author for post in self.posts if post.entry is post]

    @cached_property
    def brand_followers(self) -> list[Customer]:
        """Customers who follow the brand and may see the threads that it answers."""
        lucks = (self.luck(draws.BRAND_VIEWER, customer.number) for customer in self.customers)
        pairs = zip(self.customers, lucks, strict=True)
        return [customer for customer, luck in pairs if rules.follows_brand(self.p, luck)]

    def luck(self, purpose: int, who: int) -> float:
        """Draw uniformly from [0, 1) for a purpose about one customer."""
        return float(draws.chance(self.key, purpose, who))


class Notice(NamedTuple):
    """A look that a customer will take at a post."""

    post: Post
    channel: int
    wave: int  # 1 if an answer of the brand brought it, else 0


@dataclass(eq=False, repr=False)
class Post:
    """A post with its thread: who will see it and when, and what was written under it.

    Author, kind and number within the kind name a post, and its draws depend on them alone.

    Parameters
    ----------
    author : Customer
        Who wrote it.
    kind : int
        ``rules.FIRST``, ``REPEAT``, ``REPOST``, ``PROTEST``, ``AFTER_FAILURE`` or ``THANKS``.
    number : int
        Number within author and kind, from 0.
    parent : Post or None
        The post that gave rise to it.
    """

    author: Customer
    kind: int
    number: int
    parent: Post | None

    thread: float = 0.0  # sum of what is written under it: below 0 it calms, above it inflames
    defences: int = 0  # how often advocates defended the brand under it
    invited: bool = False  # carries a visible invitation to talk in private
    answered: int = -1  # tick of the brand's first act on it
    tries: int = 0  # how often a strategy of one's own put it off
    bumped: int = -1  # tick in which an answer brought it up again, and how far
    bump_share: float = 0.0
    readers: dict[Customer, tuple[int, int]] = field(default_factory=dict)  # by tick and channel
    recruits: list[Customer] = field(default_factory=list)  # those whom it made critics
    entry: Post | None = None  # the post with which its author became a critic

    def __post_init__(self) -> None:
        model, p, author = self.model, self.model.p, self.author
        self.key = np.uint64(draws.post_key(model.key, author.number, self.kind + 1, self.number))
        self.place = len(model.posts)
        self.tick = model.tick
        self.intensity = author.anger
        is_page_likely = rules.page_probability(p, self.kind, self.parent is None)
        self.on_page = self.luck(draws.ON_PAGE) < is_page_likely
        self.multiplier = float(rules.prominence(p, self.kind))
        normal = 0.0 if self.parent else draws.normal(self.key, draws.PACE, 0)
        self.pace: float = self.parent.pace if self.parent else float(rules.pace(p, normal))
        life = rules.life(p, self.luck(draws.WITHDRAWAL))
        self.end = STILL_THERE if life < 0.0 else self.tick + rules.ticks(p, life)
        self.visitors = self._page_visitors() if self.on_page else []

    @property
    def model(self) -> Platform:
        """The model that the author lives in."""
        return self.author.model

    @property
    def is_critical(self) -> bool:
        """Whether it criticises; thanks do not."""
        return bool(rules.is_critical(self.kind))

    @property
    def seniority(self) -> tuple[int, int, int]:
        """Sort key from old posts to young ones."""
        return self.tick, self.author.number, self.place

    def __repr__(self) -> str:
        where = "on the page" if self.on_page else "elsewhere"
        return (
            f"<Post {self.place} of {self.author.name!r}, kind {self.kind}, tick {self.tick}, "
            f"{where}, {len(self.readers)} readers>"
        )

    def luck(self, purpose: int, who: int = 0) -> float:
        """Draw uniformly from [0, 1) for a purpose about this post."""
        return float(draws.chance(self.key, purpose, who))

    # Who sees it

    def appear(self) -> None:
        """Draw when each follower of the author, and each visitor of the page, will notice it."""
        for reader, channel in self.audience():
            self.tell(reader, self.first_look(reader), channel, 0)

    def bump(self, share: float) -> None:
        """Draw the second wave of looks, which an answer brings to those who would look later."""
        if share == 0.0 or not visibility.fades(self.model.p):
            return
        self.bumped, self.bump_share = self.model.tick, share
        for reader, channel in self.audience():
            before, again = self.first_look(reader), self.second_look(reader)
            if rules.comes_sooner(again, before):
                self.tell(reader, again, channel, 1)

    def show_to_brand_followers(self) -> None:
        """Let followers of the brand who were not among its audience see it."""
        model, p = self.model, self.model.p
        already = {self.author, *(reader for reader, _ in self.audience())}
        for viewer in model.brand_followers:
            if viewer not in already:
                luck = self.luck(draws.BRAND_NOTICE, viewer.number)
                age = rules.notice_age(p, self._mass(viewer), self.pace, luck)
                if age >= 0.0:
                    self.tell(viewer, model.tick + rules.ticks(p, age), rules.BRAND_FOLLOWING, 1)

    def audience(self) -> Iterator[tuple[Customer, int]]:
        """Give everybody who may see it without the brand's help, and through which channel."""
        for follower in self.author.followers:
            yield follower, rules.FOLLOWING
        for visitor in self.visitors:
            yield visitor, rules.PAGE

    def first_look(self, reader: Customer) -> int:
        """Give the tick in which a reader notices it if nobody brings it up again; -1: never."""
        p = self.model.p
        luck = self.luck(draws.NOTICE, reader.number)
        age = rules.notice_age(p, self._mass(reader), self.pace, luck)
        return -1 if age < 0.0 else int(self.tick + rules.ticks(p, age))

    def second_look(self, reader: Customer) -> int:
        """Give the tick in which the wave after a bump reaches a reader; -1: never."""
        p = self.model.p
        age = (self.bumped - self.tick) * p.time_tick
        luck = self.luck(draws.SECOND_NOTICE, reader.number)
        look = self._mass(reader), self.pace, age, self.bump_share, luck
        wait = rules.second_notice_age(p, *look)
        return -1 if wait < 0.0 else int(self.bumped + rules.ticks(p, wait))

    def tell(self, reader: Customer, tick: int, channel: int, wave: int) -> None:
        """Let a customer notice it in a tick, unless it will be gone by then."""
        if 0 <= tick <= self.end:
            reader.expect(Notice(self, channel, wave), tick)

    def is_news(self, reader: Customer, wave: int) -> bool:
        """Whether a look that is due now finds the post there, and is the reader's first at it."""
        now = self.model.tick
        if wave == 0 and 0 <= self.bumped < now:
            if rules.comes_sooner(self.second_look(reader), now):
                return False
        return self.end >= now

    def _mass(self, reader: Customer) -> float:
        return float(rules.notice_mass(self.model.p, self.multiplier, reader.relative_followees))

    def _page_visitors(self) -> list[Customer]:
        """Draw who may see it on the brand's page, besides the author's followers."""
        customers, n_visitors = self.model.customers, int(self.model.p.attention_page_visitors)
        picks = (draws.pick(self.key, draws.VISITOR, k, len(customers)) for k in range(n_visitors))
        visitors = dict.fromkeys(customers[number] for number in picks)
        others = {self.author, *self.author.followers}
        return [visitor for visitor in visitors if visitor not in others]


class Intention(NamedTuple):
    """What an author will do; sorted by kind and number."""

    kind: int
    number: int
    parent: Post


class Customer(mesa.Agent):  # type: ignore[misc]
    """One of the crowd: reads, is moved, perhaps joins the criticism, and then acts as an author.

    Parameters
    ----------
    model : Platform
        The model to live in.
    number : int
        Place in the network, from 0.

    Attributes
    ----------
    stage : int
        ``rules.UNAWARE``, ``AWARE``, ``CRITIC``, ``SILENT`` or ``RECONCILED``; never goes down.
    character : int
        ``rules.CONSTRUCTIVE``, ``VINDICTIVE``, ``ADVOCATE`` or ``TROLL``.
    susceptibility : float
        How easily others' anger takes hold, 0 or more; 1 on average.
    anger : float
        0 to 1, decayed to now.
    attitude : float
        Towards the brand, -1 to 1, recovered to now.
    sides : bool
        Whether they side with the complaint; others never join.
    feed : dict of int to list of Notice
        What they are going to notice, by tick.
    intentions : dict of int to list of Intention
        What they are going to do as an author, by tick.
    """

    model: Platform

    def __init__(self, model: Platform, number: int) -> None:
        super().__init__(model)
        self.number = number
        self.name = model.world.network.names[number]
        self.followers: list[Customer] = []  # the model fills these in when everybody is there
        relative = model.world.net.relative_followees  # people followed over the mean
        self.relative_followees = float(relative[number]) if relative.size else 1.0

        self.character = self._born_as()
        self.susceptibility = self._trait("susceptibility", -1.0)
        if self.susceptibility < 0.0:
            shape = model.p.crowd_susceptibility_shape
            self.susceptibility = draws.gamma(model.key, draws.SUSCEPTIBILITY, number, shape)
        self.attitude_start = self._trait("attitude", math.inf)
        if self.attitude_start > 1.0:
            luck = model.luck(draws.ATTITUDE, number)
            self.attitude_start = float(rules.first_attitude(model.p, luck))
        self._attitude, self._moved = self.attitude_start, 0  # the tick to which it belongs
        self.sides = bool(rules.sides(model.sides, model.luck(draws.SIDE, number)))
        self.stage = rules.UNAWARE
        self._anger = float(rules.first_anger(self.character, self._trait("anger", -1.0)))
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

        self.intentions: defaultdict[int, list[Intention]] = defaultdict(list)
        self.n_intended: Counter[int] = Counter()  # by kind
        self.occasion_age = 0.0  # hours from joining to the last occasion to post again
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

    @property
    def attitude(self) -> float:
        """Attitude, recovered to now."""
        return self.attitude_at(self.model.tick)

    @attitude.setter
    def attitude(self, attitude: float) -> None:
        self._attitude, self._moved = float(attitude), self.model.tick

    def attitude_at(self, tick: float) -> float:
        """Attitude as it will have recovered by a time in ticks, without news."""
        p, before = self.model.p, (self._attitude, self.attitude_start)
        return float(rules.recovered(p, *before, tick - self._moved))

    def _trait(self, name: str, otherwise: float) -> float:
        """Give a trait that came with the network, or another value where it brought none."""
        values = self.model.world.network.traits.get(name)
        value = math.nan if values is None else float(values[self.number])
        return otherwise if math.isnan(value) else value

    def _born_as(self) -> int:
        """Draw the character, where the network does not tell it."""
        p, luck = self.model.p, self.model.luck
        laws = (
            ("vindictive", p.crowd_vindictive_share, draws.VINDICTIVE),
            ("advocate", p.crowd_advocate_share, draws.ADVOCATE),
            ("troll", p.crowd_troll_share, draws.TROLL),
        )
        kinds = (
            rules.is_a(self._trait(trait, float(share)), luck(purpose, self.number))
            for trait, share, purpose in laws
        )
        return int(rules.character(*kinds))

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
            post.readers[self] = model.tick, notice.channel
            invitations += post.invited
            if post.is_critical:
                complaints += 1
                intensities += post.intensity
                self._become_aware(notice)
            else:
                thanks += 1
        before = self.anger, self.attitude, self.susceptibility, self.character, self.sides
        after = rules.reading(model.p, *before, intensities, complaints, thanks, invitations)
        self.anger, self.attitude = after

    def _become_aware(self, notice: Notice) -> None:
        """Take in a critical post, and count its author among the critics seen."""
        if self.noticed < 0:
            self.noticed = self.model.tick
            self.first_post, self.first_channel = notice.post, notice.channel
            self.stage = max(self.stage, rules.AWARE)
            self.model.reached.append(self)
        if len(self.critics_seen) < self.model.p.joining_cap:
            self.critics_seen.add(notice.post.author)

    # Joining

    def decide(self) -> None:
        """Decide on each notice whether to join the criticism or, as an advocate, to defend."""
        p, of = self.model.p, (self.stage, self.character)
        may_join, may_defend = rules.may_join(*of, self.sides), rules.may_defend(*of)
        for notice in self.reading:
            post = notice.post
            if not post.is_critical:
                continue
            if may_defend:
                if rules.defends(p, post.luck(draws.DEFEND, self.number)):
                    self.defends_under.append(post)
            elif may_join and post.luck(draws.JOIN, self.number) < self.join_probability(post):
                if self.best is None or post.seniority < self.best.post.seniority:
                    self.best = notice

    def join_probability(self, post: Post) -> float:
        """Chance to join on noticing a post."""
        mind = self.susceptibility, self.attitude, len(self.critics_seen)
        return float(rules.join_probability(self.model.p, *mind, post.intensity, post.thread))

    def speak(self) -> None:
        """Do what was decided, now that everybody has decided."""
        for post in self.defends_under:
            self.defend(post)
        self.defends_under.clear()
        if self.best is not None:
            self.join(self.best)
            self.best = None

    def defend(self, post: Post) -> None:
        """Defend the brand under a post."""
        post.thread += rules.defence_effect(self.model.p)
        post.defences += 1

    def join(self, notice: Notice) -> None:
        """Become a critic, recruited by a post."""
        self.recruited_by, self.recruited_channel = notice.post, notice.channel
        notice.post.recruits.append(self)
        self.write(rules.FIRST, 0, notice.post)

    # Writing

    def complain(self) -> None:
        """Write a complaint of one's own, unless they are a critic already."""
        self.touched = True
        if not rules.may_complain(self.stage):
            return
        self.sides = True
        self.anger = rules.first_anger(self.character, self.model.p.complaint_anger)
        self.write(rules.FIRST, 0, None)

    def write(self, kind: int, number: int, parent: Post | None) -> None:
        """Write a post; with the first, become a critic."""
        post, now, p = Post(self, kind, number, parent), self.model.tick, self.model.p
        self.model.posts.append(post)
        if self.entry is None:
            self.stage, self.entry, self.joined = rules.CRITIC, post, now
            if p.brand_resentment > 0.0:
                self.intend(rules.WAITED_IN_VAIN, post, now + rules.ticks(p, p.brand_patience))
            if rules.may_repeat(p):
                self._await_occasion()
        post.entry = self.entry
        post.appear()

    def intend(self, kind: int, parent: Post, tick: int) -> None:
        """Intend to do something in a tick."""
        number = self.n_intended[kind]
        self.n_intended[kind] += 1
        if tick <= self.model.horizon:
            self.intentions[tick].append(Intention(kind, number, parent))
            self.model.acting_days[tick].add(self)

    def act(self) -> None:
        """Do what was intended for now, if it is still to be done."""
        due = self.intentions.pop(self.model.tick)
        for kind, number, parent in sorted(due, key=lambda intention: intention[:2]):
            if not rules.still_does(kind, self.stage):
                continue
            if kind == rules.WAITED_IN_VAIN:
                if rules.is_unanswered(parent.answered):
                    self.anger = rules.resentful(self.model.p, self.anger, self.character)
            elif kind == rules.REPEAT:
                if rules.repeats(self.anger, self._repeat_luck(draws.REPEAT_KEEP, number)):
                    self.write(kind, number, parent)
                self._await_occasion()
            else:
                if kind == rules.PROTEST and self.stage == rules.AWARE:
                    self.recruited_by, (_, self.recruited_channel) = parent, parent.readers[self]
                self.write(kind, number, parent)

    def _await_occasion(self) -> None:
        p, number = self.model.p, self.n_intended[rules.REPEAT]
        self.occasion_age += rules.repeat_gap(p, self._repeat_luck(draws.REPEAT_GAP, number))
        if self.occasion_age <= p.time_horizon and self.entry is not None:
            tick = self.joined + rules.ticks(p, self.occasion_age)
            self.intend(rules.REPEAT, self.entry, tick)

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
            self.intend(rules.REPOST, post, self.model.tick + 1)
        return again

    def witness_removal(self, post: Post) -> None:
        """See that a post read before is gone; perhaps protest, once."""
        if rules.may_protest(self.stage, self.character, self.sides, self.protested):
            luck = post.luck(draws.PROTEST, self.number)
            if rules.protests(self.model.p, self.susceptibility, luck):
                self.protested = True
                self.intend(rules.PROTEST, post, self.model.tick + 1)

    def hear_out(self, strength: float, heat: float) -> None:
        """Let a reply calm, or anger; a factor of one leaves no trace, bit for bit."""
        factor = rules.calming(self.model.p, strength, heat, self.character)
        if factor != 1.0:
            self.anger = rules.calmed(self.anger, factor)

    def reconcile(self, post: Post) -> None:
        """Stop being a critic, as the case is solved; perhaps say thanks."""
        p = self.model.p
        self.anger = rules.solved_anger(p, self.anger)
        self.stage = rules.RECONCILED
        if rules.thanks(p, post.luck(draws.THANKS)):
            self.intend(rules.THANKS, post, self.model.tick + 1)

    def give_up(self, post: Post) -> None:
        """Come back disappointed from a private dialogue, perhaps with a new post."""
        p = self.model.p
        self.anger = rules.failed_anger(p, self.anger)
        if rules.posts_after_failure(p, post.luck(draws.FAILED_POST)):
            self.intend(rules.AFTER_FAILURE, post, self.model.tick + 1)

    def __repr__(self) -> str:
        return f"<Customer {self.name!r}, stage {self.stage}, anger {self.anger:.2f}>"
