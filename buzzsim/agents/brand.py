"""The brand: which posts it finds, in what order its staff takes them, what it does with each."""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush
from typing import NamedTuple

import mesa

from buzzsim.agents.crowd import Platform, Post
from buzzsim.model import draws, rules
from buzzsim.model.strategy import Case, Draw, decision, made, number_of

Waiting = tuple[float, tuple[int, int, int], int, int, Post]
"""A case in the queue: rank, seniority, round of the private dialogue, tick it came up in, post."""


class Act(NamedTuple):
    """What the brand did with a post, and whether it was solved, accepted or posted again."""

    tick: int
    post: Post
    act: int
    result: bool


class Brand(mesa.Agent):  # type: ignore[misc]
    """The one whom the criticism is about.

    Parameters
    ----------
    model : Platform
        The model to live in.
    strategy : str
        ``ignore``, ``censor``, ``public_reply``, ``private_dialogue``, or one's own.
    staff : int
        People on duty, 0 for unlimited.
    """

    model: Platform

    def __init__(self, model: Platform, strategy: str, staff: int) -> None:
        super().__init__(model)
        self.strategy = strategy
        self.own = made(strategy)  # asked case by case, where the strategy is somebody's own
        self.busy_until = [0.0] * staff  # in ticks and parts of one
        self.n_looked_at = 0  # posts that it has looked through so far
        self.cases: defaultdict[int, list[tuple[Post, int]]] = defaultdict(list)  # by tick
        self.queue: list[Waiting] = []  # a heap: the first is taken next
        self.acts: list[Act] = []
        self.backlog = 0  # the longest queue at the end of a tick

    def find(self, post: Post) -> None:
        """Find a critical post after a while, if at all and if the strategy has a use for it."""
        p = self.model.p
        concerns = rules.concerns(number_of(self.strategy), post.on_page)
        if concerns and rules.is_handled(p, post.luck(draws.COVERAGE)):
            hours = rules.lag(p, draws.normal(post.key, draws.LAG, 0))
            self.file(post, 0, rules.lag_ticks(p, hours))

    def file(self, post: Post, talk_round: int, ticks: int) -> None:
        """Take up a case in so many ticks; round 0 is the post itself, later ones are private."""
        tick = self.model.tick + ticks
        if tick <= self.model.horizon:
            self.cases[tick].append((post, talk_round))

    def act(self) -> None:
        """Look at what was written since; then take the waiting cases while somebody is free."""
        p, now = self.model.p, self.model.tick
        for post in self.model.posts[self.n_looked_at :]:
            if post.is_critical:
                self.find(post)
        self.n_looked_at = len(self.model.posts)
        for post, talk_round in self.cases.pop(now, ()):
            rank = float(rules.priority(p, now, len(post.author.followers), post.intensity))
            heappush(self.queue, (rank, post.seniority, talk_round, now, post))
        while self.queue and (clerk := self._free_clerk()) is not None:
            _, _, talk_round, due, post = heappop(self.queue)
            hours = self.talk(post, talk_round) if talk_round > 0 else self.handle(post)
            if hours is not None and self.busy_until:
                ends = rules.work_ends(p, self.busy_until[clerk], due, hours)
                self.busy_until[clerk] = float(ends)
        self.backlog = max(self.backlog, len(self.queue))

    def _free_clerk(self) -> int | None:
        if not self.busy_until:
            return 0
        clerk = min(range(len(self.busy_until)), key=self.busy_until.__getitem__)
        return clerk if rules.is_free(self.busy_until[clerk], self.model.tick) else None

    def handle(self, post: Post) -> float | None:
        """Do with a post what the strategy says; give the hours of work, None if none was left."""
        strategy = number_of(self.strategy)
        if not self._is_open(post, strategy):
            return None
        if self.own is not None:
            strategy = self._own_choice(post)
            if not (self._is_open(post, strategy) and rules.concerns(strategy, post.on_page)):
                return None
        if strategy == rules.CENSOR:
            return self.delete(post)
        return self.reply(post) if strategy == rules.PUBLIC_REPLY else self.invite(post)

    def _is_open(self, post: Post, strategy: int) -> bool:
        is_gone = post.end <= self.model.tick
        return bool(rules.is_open(strategy, is_gone, post.author.stage, post.author.talking))

    def _own_choice(self, post: Post) -> int:
        """Ask a strategy of one's own; where it waits, take the case up again later."""
        draw = Draw(post.key, post.tries)
        choice, hours = decision(self.own, self.strategy, self._case(post), draw)
        if choice != rules.WAIT:
            return choice
        post.tries += 1
        self.file(post, 0, rules.ticks(self.model.p, hours))
        return rules.IGNORE

    def _case(self, post: Post) -> Case:
        now, tick = self.model.tick, self.model.world.scenario.time.tick
        return Case(
            hour=round(now * tick, 9),
            waited=round((now - post.tick) * tick, 9),
            anger=float(post.intensity),
            followers=len(post.author.followers),
            readers=len(post.readers),
            joined=len(post.recruits),
            on_page=bool(post.on_page),
            kind=rules.KINDS[post.kind],
            tries=post.tries,
        )

    def delete(self, post: Post) -> float:
        """Delete a post from the page; the author and the witnesses may not take it quietly."""
        post.end = self.model.tick
        again = post.author.face_removal(post)
        self._note(post, rules.REMOVED, again)
        for witness in reversed(post.readers):
            witness.witness_removal(post)
        return float(rules.work(self.model.p, rules.REMOVED))

    def reply(self, post: Post) -> float:
        """Answer under the post, before its audience."""
        p, author = self.model.p, post.author
        strength = rules.reply_strength(p)
        heat = rules.heat_of(len(post.recruits), len(post.readers))
        post.thread += rules.thread_effect(p, strength)
        author.hear_out(strength, heat)
        solved = rules.is_solved(p, heat, author.character, post.luck(draws.SOLVE))
        if solved:
            author.reconcile(post)
        self._note(post, rules.REPLIED, solved)
        post.bump(float(p.reply_bump))
        post.show_to_brand_followers()
        return float(rules.work(p, rules.REPLIED))

    def invite(self, post: Post) -> float:
        """Ask the author to talk in private; everybody can see that."""
        p, author = self.model.p, post.author
        accepted = rules.accepts(p, author.character, post.luck(draws.ACCEPT))
        self._note(post, rules.INVITED, accepted)
        post.invited = True
        if accepted:
            author.talking = True
            self.file(post, 1, rules.ticks(p, p.private_round_time))
        post.bump(float(p.private_invite_bump))
        return float(rules.work(p, rules.INVITED))

    def talk(self, post: Post, talk_round: int) -> float:
        """Hold one round of a private dialogue."""
        p, author = self.model.p, post.author
        author.hear_out(rules.reply_strength(p), rules.NO_AUDIENCE)
        luck = post.luck(draws.ROUND, talk_round)
        solved = rules.is_solved(p, rules.NO_AUDIENCE, author.character, luck)
        self._note(post, rules.TALKED, solved)
        if solved:
            author.talking = False
            author.reconcile(post)
            if rules.withdraws(p, post.luck(draws.WITHDRAW_SOLVED)):
                post.end = min(post.end, self.model.tick)
            else:
                post.thread += rules.solved_mark(p)
        elif rules.goes_on(p, talk_round):
            self.file(post, talk_round + 1, rules.ticks(p, p.private_round_time))
        else:
            author.talking = False
            author.give_up(post)
        return float(rules.work(p, rules.TALKED))

    def __repr__(self) -> str:
        return f"<Brand, {self.strategy}: {len(self.acts)} acts, {len(self.queue)} cases waiting>"

    def _note(self, post: Post, act: int, result: bool) -> None:
        self.acts.append(Act(self.model.tick, post, act, result))
        if post.answered < 0:
            post.answered = self.model.tick
