"""Steps 2 and 3 of a tick: what is due is read, then readers join or defend."""

from __future__ import annotations

from buzzsim.compiled import AHEAD, compiled, fetch
from buzzsim.engine.people import anger_now, attitude_now, person_of, set_anger
from buzzsim.engine.posts import is_older, new_post
from buzzsim.engine.readers import second_notice_tick
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import NOTICE_HEAD, SEEN, Workspace, ascending

NEAR = AHEAD // 2  # what was fetched ahead leads on to the rest


@compiled
def read(p: Numbers, w: Workspace) -> int:
    """Step 2: notices due now are read; gives their number, or 0 if nobody reads any."""
    notices, posts, people, t = w.notices, w.posts, w.people, w.state.tick
    n_due, n_readers = _due(w), 0
    for i in range(n_due):
        if i + AHEAD < n_due:
            fetch(posts, notices[w.due[i + AHEAD]].post)
            fetch(w.row_of, notices[w.due[i + AHEAD]].customer)
        if i + NEAR < n_due:
            fetch(people, max(0, w.row_of[notices[w.due[i + NEAR]].customer]))
        k = w.due[i]
        j, customer = notices[k].post, notices[k].customer
        gone = posts[j].end < t
        if notices[k].wave == 0 and posts[j].bump_tick >= 0 and t > posts[j].bump_tick:
            gone = gone or rules.comes_sooner(second_notice_tick(p, w, j, customer), t)
        row = -1 if gone else person_of(p, w, customer)
        if row >= 0:
            notices[k].row = row
            notices[k].previous, posts[j].last_notice = posts[j].last_notice, k
            person = people[row]
            if person.read_tick != t:
                person.attitude = attitude_now(p, w, row, t)
                person.read_tick, person.best, person.intensities = t, -1, 0.0
                person.complaints, person.thanks, person.invitations = 0, 0, 0
                w.readers[n_readers] = row
                n_readers += 1
            _take_in(p, w, row, k)
    for r in range(n_readers):
        if r + AHEAD < n_readers:
            fetch(people, w.readers[r + AHEAD])
        row = w.readers[r]
        person = people[row]
        anger, attitude = rules.reading(
            p, anger_now(p, w, row, t), person.attitude, person.susceptibility, person.character,
            person.sides, person.intensities, person.complaints, person.thanks, person.invitations,
        )  # fmt: skip
        set_anger(w, row, anger, t)
        person.attitude = attitude
    return n_due if n_readers > 0 else 0


@compiled
def _due(w: Workspace) -> int:
    """List in `w.due` the notices of this tick; gives how many."""
    n, k = 0, w.bucket[NOTICE_HEAD, w.state.tick]
    while k >= 0:
        w.due[n] = k
        n, k = n + 1, w.notices[k].next
    w.state.pending -= n
    return n


@compiled
def _take_in(p: Numbers, w: Workspace, row: int, notice: int) -> None:
    """Add one post to what a customer reads in this tick."""
    j = w.notices[notice].post
    post, person = w.posts[j], w.people[row]
    post.readers += 1
    if post.invited:
        person.invitations += 1
    if not rules.is_critical(post.kind):
        person.thanks += 1
        return
    person.complaints += 1
    person.intensities += post.intensity
    if person.noticed < 0:
        person.noticed, person.first_post = w.state.tick, j
        person.first_channel = w.notices[notice].channel
        if person.stage == rules.UNAWARE:
            person.stage = rules.AWARE
    if person.critics_seen < p.joining_cap:
        k = person.last_seen
        while k >= 0:
            if w.seen[k].author == post.author:
                return
            k = w.seen[k].previous
        k = use(w, SEEN, w.seen.size)
        if k >= 0:
            w.seen[k].author, w.seen[k].previous = post.author, person.last_seen
            person.last_seen = k
            person.critics_seen += 1


@compiled
def join(p: Numbers, w: Workspace, n_due: int) -> None:
    """Step 3: each notice is one chance to join, or to defend the brand."""
    notices, posts, people = w.notices, w.posts, w.people
    n_new, n_defences = 0, 0
    for i in range(n_due):
        if i + AHEAD < n_due:
            fetch(posts, notices[w.due[i + AHEAD]].post)
            fetch(people, max(0, notices[w.due[i + AHEAD]].row))
        k = w.due[i]
        j, row = notices[k].post, notices[k].row
        if row >= 0 and rules.is_critical(posts[j].kind):
            person = people[row]
            if rules.may_defend(person.stage, person.character):
                luck = draws.chance(posts[j].key, draws.DEFEND, notices[k].customer)
                notices[k].defended = rules.defends(p, luck)
                n_defences += notices[k].defended
            elif rules.may_join(person.stage, person.character, person.sides) and _joins(
                p, w, row, k
            ):
                if person.best < 0:
                    w.newcomers[n_new], w.newcomer_rows[n_new] = notices[k].customer, row
                    n_new += 1
                if person.best < 0 or is_older(w, j, person.best):
                    person.best, person.recruited_channel = j, notices[k].channel
    for i in range(n_due if n_defences > 0 else 0):  # counts for readers from the next tick on
        k = w.due[i]
        if notices[k].defended:
            notices[k].defended = False
            w.state.defences += 1
            posts[notices[k].post].thread += rules.defence_effect(p)
    order = ascending(w.newcomers[:n_new])
    for i in range(n_new):
        if i + AHEAD < n_new:
            fetch(people, w.newcomer_rows[order[i + AHEAD]])
            fetch(w.indptr, w.newcomers[order[i + AHEAD]])
        if i + NEAR < n_new:
            fetch(posts, people[w.newcomer_rows[order[i + NEAR]]].best)
            followers = w.indptr[w.newcomers[order[i + NEAR]]]
            fetch(w.indices, min(followers, w.indices.size - 1))
        row = w.newcomer_rows[order[i]]
        best = people[row].best
        people[row].recruited_by = best
        posts[best].joined += 1
        new_post(p, w, row, rules.FIRST, 0, best)


@compiled
def _joins(p: Numbers, w: Workspace, row: int, notice: int) -> bool:
    """Whether a reader joins on one notice."""
    post, person = w.posts[w.notices[notice].post], w.people[row]
    probability = rules.join_probability(
        p, person.susceptibility, person.attitude, person.critics_seen, post.intensity, post.thread
    )
    if probability <= 0.0 or probability >= 1.0:
        return probability >= 1.0
    return draws.chance(post.key, draws.JOIN, w.notices[notice].customer) < probability
