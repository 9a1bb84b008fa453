"""Step 5 of a tick: the brand's queue of cases, and what it does with each."""

from __future__ import annotations

from buzzsim.compiled import compiled
from buzzsim.engine.calendar import file_case, schedule
from buzzsim.engine.people import anger_now, set_anger
from buzzsim.engine.posts import is_older
from buzzsim.engine.readers import bump, tell_brand_followers
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import ACTS, CASE_HEAD, Workspace

_ALL_BUSY = -1


@compiled
def brand_acts(p: Numbers, w: Workspace) -> bool:
    """Step 5: cases whose lag has run out, in the order of the queue, while staff is free.

    Gives false where a strategy of one's own must first decide on the case in `state.asked`.
    """
    cases, t = w.cases, w.state.tick
    k = w.bucket[CASE_HEAD, t]
    w.bucket[CASE_HEAD, t] = -1
    while k >= 0:
        w.state.pending -= 1
        post = w.posts[cases[k].post]
        followers = w.indptr[post.author + 1] - w.indptr[post.author]
        cases[k].rank = rules.priority(p, t, followers, post.intensity)
        _push_waiting(w, k)
        k = cases[k].next
    while w.state.waiting > 0:
        desk = _free_desk(w)
        if desk == _ALL_BUSY:
            break
        if w.setup.strategy == rules.OWN and _is_to_decide(w, w.waiting[0]):
            w.state.asked = w.waiting[0]
            return False
        case = _pop_waiting(w)
        due = cases[case].due
        work = _handle(p, w, case)
        if w.busy_until.size > 0 and work >= 0.0:
            w.busy_until[desk] = rules.work_ends(p, w.busy_until[desk], due, work)
    w.state.backlog = max(w.state.backlog, w.state.waiting)
    return True


@compiled
def _is_to_decide(w: Workspace, case: int) -> bool:
    """Whether a strategy of one's own is to be asked about a case."""
    if w.cases[case].talk_round > 0 or w.cases[case].choice >= 0:
        return False
    return _is_open(w, rules.OWN, w.cases[case].post)


@compiled
def _is_open(w: Workspace, strategy: int, j: int) -> bool:
    """Whether the case of a post is still worth work."""
    author = w.people[w.posts[j].row]
    return rules.is_open(strategy, w.posts[j].end <= w.state.tick, author.stage, author.talking)


@compiled
def _free_desk(w: Workspace) -> int:
    """Give the employee who became free first, 0 without a limit, or `_ALL_BUSY`."""
    if w.busy_until.size == 0:
        return 0
    desk = 0
    for other in range(1, w.busy_until.size):
        if w.busy_until[other] < w.busy_until[desk]:
            desk = other
    return desk if rules.is_free(w.busy_until[desk], w.state.tick) else _ALL_BUSY


@compiled
def _comes_first(w: Workspace, a: int, b: int) -> bool:
    """Whether one waiting case is taken before another."""
    cases = w.cases
    if cases[a].rank != cases[b].rank:
        return cases[a].rank < cases[b].rank
    if cases[a].post != cases[b].post:
        return is_older(w, cases[a].post, cases[b].post)
    return cases[a].talk_round < cases[b].talk_round


@compiled
def _push_waiting(w: Workspace, case: int) -> None:
    """Add to the queue, a binary heap."""
    i = w.state.waiting
    w.state.waiting += 1
    w.waiting[i] = case
    while i > 0 and _comes_first(w, w.waiting[i], w.waiting[(i - 1) // 2]):
        above = (i - 1) // 2
        w.waiting[i], w.waiting[above] = w.waiting[above], w.waiting[i]
        i = above


@compiled
def _pop_waiting(w: Workspace) -> int:
    """Take the first case out of the queue."""
    first = w.waiting[0]
    w.state.waiting -= 1
    n = w.state.waiting
    w.waiting[0] = w.waiting[n]
    i = 0
    while 2 * i + 1 < n:
        below = 2 * i + 1
        if below + 1 < n and _comes_first(w, w.waiting[below + 1], w.waiting[below]):
            below += 1
        if not _comes_first(w, w.waiting[below], w.waiting[i]):
            break
        w.waiting[i], w.waiting[below] = w.waiting[below], w.waiting[i]
        i = below
    return first


@compiled
def _handle(p: Numbers, w: Workspace, case: int) -> float:
    """Do what the strategy says; gives the hours of work, or -1 if nothing was left to do."""
    j, strategy = w.cases[case].post, w.setup.strategy
    if w.cases[case].talk_round > 0:
        return _talk(p, w, j, w.cases[case].talk_round)
    if strategy == rules.OWN:
        strategy = int(w.cases[case].choice)
        if strategy == rules.WAIT:
            tick = w.state.tick + rules.ticks(p, w.cases[case].wait)
            file_case(w, j, 0, w.cases[case].tries + 1, tick)
            return -1.0
    if not _is_open(w, strategy, j) or not rules.concerns(strategy, w.posts[j].on_page):
        return -1.0
    if strategy == rules.CENSOR:
        return _remove(p, w, j)
    return _reply(p, w, j) if strategy == rules.PUBLIC_REPLY else _invite(p, w, j)


@compiled
def _note(w: Workspace, j: int, act: int, result: int) -> None:
    """Keep what the brand did."""
    k = use(w, ACTS, w.acts.size)
    if k >= 0:
        w.acts[k].tick, w.acts[k].post = w.state.tick, j
        w.acts[k].act, w.acts[k].result = act, result
        if w.posts[j].answered < 0:
            w.posts[j].answered = w.state.tick


@compiled
def _remove(p: Numbers, w: Workspace, j: int) -> float:
    """Delete a post from the page; the author and the witnesses may not take it quietly."""
    people, notices, t = w.people, w.notices, w.state.tick
    post = w.posts[j]
    row = post.row
    author = people[row]
    post.end = t
    anger = rules.removed_anger(p, anger_now(p, w, row, t), author.character)
    set_anger(w, row, anger, t)
    again = rules.reposts(p, author.stage, anger, draws.chance(post.key, draws.REPOST, 0))
    author.stage = rules.stage_after_removal(author.stage, again)
    _note(w, j, rules.REMOVED, int(again))
    if again:
        schedule(w, row, rules.REPOST, author.reposts, j, t + 1)
        author.reposts += 1
    k = post.last_notice
    while k >= 0:
        witness = people[notices[k].row]
        if rules.may_protest(witness.stage, witness.character, witness.sides, witness.protested):
            luck = draws.chance(post.key, draws.PROTEST, notices[k].customer)
            if rules.protests(p, witness.susceptibility, luck):
                witness.protested = True
                schedule(w, notices[k].row, rules.PROTEST, 0, j, t + 1)
        k = notices[k].previous
    return rules.work(p, rules.REMOVED)


@compiled
def _reply(p: Numbers, w: Workspace, j: int) -> float:
    """Answer under the post, before its audience."""
    post = w.posts[j]
    strength = rules.reply_strength(p)
    heat = rules.heat_of(post.joined, post.readers)
    post.thread += rules.thread_effect(p, strength)
    solved = _answer(p, w, j, heat, draws.chance(post.key, draws.SOLVE, 0))
    if solved:
        _reconcile(p, w, j)
    _note(w, j, rules.REPLIED, int(solved))
    bump(p, w, j, p.reply_bump)
    tell_brand_followers(p, w, j)
    return rules.work(p, rules.REPLIED)


@compiled
def _invite(p: Numbers, w: Workspace, j: int) -> float:
    """Ask the author to talk in private; everybody can see that."""
    post = w.posts[j]
    author = w.people[post.row]
    accepted = rules.accepts(p, author.character, draws.chance(post.key, draws.ACCEPT, 0))
    _note(w, j, rules.INVITED, int(accepted))
    post.invited = True
    if accepted:
        author.talking = True
        file_case(w, j, 1, 0, w.state.tick + rules.ticks(p, p.private_round_time))
    bump(p, w, j, p.private_invite_bump)
    return rules.work(p, rules.INVITED)


@compiled
def _talk(p: Numbers, w: Workspace, j: int, talk_round: int) -> float:
    """Hold one round of a private dialogue."""
    post, t = w.posts[j], w.state.tick
    row = post.row
    author = w.people[row]
    solved = _answer(p, w, j, rules.NO_AUDIENCE, draws.chance(post.key, draws.ROUND, talk_round))
    _note(w, j, rules.TALKED, int(solved))
    if solved:
        author.talking = False
        _reconcile(p, w, j)
        if rules.withdraws(p, draws.chance(post.key, draws.WITHDRAW_SOLVED, 0)):
            post.end = min(int(post.end), t)
        else:
            post.thread += rules.solved_mark(p)
    elif rules.goes_on(p, talk_round):
        file_case(w, j, talk_round + 1, 0, t + rules.ticks(p, p.private_round_time))
    else:
        author.talking = False
        set_anger(w, row, rules.failed_anger(p, anger_now(p, w, row, t)), t)
        if rules.posts_after_failure(p, draws.chance(post.key, draws.FAILED_POST, 0)):
            schedule(w, row, rules.AFTER_FAILURE, author.failures, j, t + 1)
            author.failures += 1
    return rules.work(p, rules.TALKED)


@compiled
def _answer(p: Numbers, w: Workspace, j: int, heat: float, luck: float) -> bool:
    """Calm (or anger) an author; gives whether the case is solved."""
    row, t = w.posts[j].row, w.state.tick
    character = w.people[row].character
    factor = rules.calming(p, rules.reply_strength(p), heat, character)
    if factor != 1.0:  # one leaves no trace, bit for bit
        set_anger(w, row, rules.calmed(anger_now(p, w, row, t), factor), t)
    return rules.is_solved(p, heat, character, luck)


@compiled
def _reconcile(p: Numbers, w: Workspace, j: int) -> None:
    """The case is solved: the author is no critic any more, and may say thanks."""
    row, t = w.posts[j].row, w.state.tick
    set_anger(w, row, rules.solved_anger(p, anger_now(p, w, row, t)), t)
    w.people[row].stage = rules.RECONCILED
    if rules.thanks(p, draws.chance(w.posts[j].key, draws.THANKS, 0)):
        schedule(w, row, rules.THANKS, 0, j, t + 1)
