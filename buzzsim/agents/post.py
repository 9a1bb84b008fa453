"""A post: who will come to see it and when, and what has been written under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from buzzsim.model import draws, rules, visibility
from buzzsim.model.tables import STILL_THERE

if TYPE_CHECKING:
    from buzzsim.agents.customer import Customer
    from buzzsim.agents.model import BuzzModel


class Notice(NamedTuple):
    """A look that a customer will take at a post."""

    post: Post
    channel: int
    wave: int


@dataclass(eq=False, repr=False)
class Post:
    """A post with its thread; named, as luck is, by its author, its kind and its number within the kind.

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

    thread: float = 0.0  # the sum of what is written under it: below 0 it calms, above it inflames
    invited: bool = False  # carries a visible invitation to talk in private
    answered: int = -1  # tick of the brand's first act on it
    tries: int = 0  # how often a strategy of one's own put it off
    bumped: int = -1  # tick in which an answer brought it up again, and how far
    bump_share: float = 0.0
    readers: dict[Customer, int] = field(default_factory=dict)  # and through what they noticed it
    recruits: list[Customer] = field(default_factory=list)  # those whom it made critics
    entry: Post | None = None  # the post with which its author became a critic

    def __post_init__(self) -> None:
        model, p = self.model, self.model.p
        self.key = np.uint64(
            draws.post_key(model.key, self.author.number, self.kind + 1, self.number)
        )
        self.place = len(model.posts)
        self.tick = model.tick
        self.intensity = self.author.anger
        self.on_page = self.luck(draws.ON_PAGE) < rules.page_probability(
            p, self.kind, self.parent is None
        )
        self.multiplier = float(rules.prominence(p, self.kind))
        life = rules.life(p, self.luck(draws.WITHDRAWAL))
        self.end = STILL_THERE if life < 0.0 else self.tick + rules.ticks(p, life)
        self.visitors = self._page_visitors() if self.on_page else []

    @property
    def model(self) -> BuzzModel:
        """The model that the author lives in."""
        return self.author.model

    @property
    def is_critical(self) -> bool:
        """Whether it criticises; thanks do not."""
        return bool(rules.is_critical(self.kind))

    @property
    def seniority(self) -> tuple[int, int, int]:
        """What posts are sorted by from old to young."""
        return self.tick, self.author.number, self.place

    def __repr__(self) -> str:
        where = "on the page" if self.on_page else "elsewhere"
        return f"<Post {self.place} of {self.author.name!r}, kind {self.kind}, tick {self.tick}, {where}, {len(self.readers)} readers>"

    def luck(self, purpose: int, who: int = 0) -> float:
        """Draw uniformly from [0, 1) for a purpose about this post."""
        return float(draws.chance(self.key, purpose, who))

    # Who comes to see it

    def appear(self) -> None:
        """Draw when each follower of the author, and each visitor of the brand's page, will notice it."""
        for reader, channel in self.audience():
            self.tell(reader, self.first_look(reader), channel, 0)

    def bump(self, share: float) -> None:
        """Draw the second wave of looks that an answer brings, for those whom the first would not reach sooner."""
        if share == 0.0 or not visibility.fades(self.model.p):
            return
        self.bumped, self.bump_share = self.model.tick, share
        for reader, channel in self.audience():
            before, again = self.first_look(reader), self.second_look(reader)
            if rules.comes_sooner(again, before):
                self.tell(reader, again, channel, 1)

    def show_to_brand_followers(self) -> None:
        """Let followers of the brand who were not among its audience come to see it."""
        model, p = self.model, self.model.p
        for viewer in model.brand_followers:
            if not self.is_for(viewer):
                age = rules.notice_age(
                    p, self._mass(viewer), self.luck(draws.BRAND_NOTICE, viewer.number)
                )
                if age >= 0.0:
                    self.tell(viewer, model.tick + rules.ticks(p, age), rules.BRAND_FOLLOWING, 1)

    def audience(self) -> Iterator[tuple[Customer, int]]:
        """Give everybody who may come by of their own accord, and through what."""
        for follower in self.author.followers:
            yield follower, rules.FOLLOWING
        for visitor in self.visitors:
            yield visitor, rules.PAGE

    def is_for(self, customer: Customer) -> bool:
        """Whether somebody is the author or among the audience."""
        author = self.author
        return (
            customer is author
            or customer.number in author.follower_numbers
            or customer in self.visitors
        )

    def first_look(self, reader: Customer) -> int:
        """Give the tick in which one of the audience would notice it if nobody brought it up again; -1 for never."""
        p = self.model.p
        age = rules.notice_age(p, self._mass(reader), self.luck(draws.NOTICE, reader.number))
        return -1 if age < 0.0 else int(self.tick + rules.ticks(p, age))

    def second_look(self, reader: Customer) -> int:
        """Give the tick in which the wave after a bump would reach one of the audience; -1 for never."""
        p = self.model.p
        age = (self.bumped - self.tick) * p.time_tick
        luck = self.luck(draws.SECOND_NOTICE, reader.number)
        wait = rules.second_notice_age(p, self._mass(reader), age, self.bump_share, luck)
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

    def _mass(self, reader: Customer) -> Any:
        """Give the expected number of looks at it by one reader."""
        return rules.notice_mass(self.model.p, self.multiplier, reader.relative_followees)

    def _page_visitors(self) -> list[Customer]:
        """Draw who may come by on the brand's page, besides the author's followers."""
        customers = self.model.customers
        visitors: dict[Customer, None] = {}
        for number in range(self.model.p.attention_page_visitors):
            visitor = customers[draws.pick(self.key, draws.VISITOR, number, len(customers))]
            if visitor is not self.author and visitor.number not in self.author.follower_numbers:
                visitors[visitor] = None
        return list(visitors)
