"""W1 and W2 with buzzsim's books and without its rules: who noticed what, when, through whom.

Each customer has a row, each post has a row, and so has each notice, in a calendar; they have the
sizes of buzzsim's. Each tie is looked at once, each notice draws its step once, and a size is all
that is measured at the end. Nobody is angry, nobody answers, nothing is removed. What buzzsim needs
beyond this is the model; what this needs beyond the prototype is the record.
"""

import numpy as np
from numba import njit
from prototype import _GOLDEN, _SEEDS, mixed

_PERSON, _POST, _NOTICE = 16, 16, 4  # words of 8 bytes in a row
_HORIZON = 4096  # steps; an epidemic of W1 is over after some sixty
_UNIT = 2.0**-53
_LIFE = np.uint64(1) << np.uint64(62)


@njit(inline="always")
def unit(bits):
    """Turn 64 bits into a number in [0, 1)."""
    return (bits >> np.uint64(11)) * _UNIT


@njit(nogil=True, cache=True)
def sir(indptr, indices, infection, recovery, n_seeds, key, first, sizes):
    """Run epidemics from `first` on into `sizes`; a recovery of 1 makes cascades."""
    n = indptr.size - 1
    people, posts = (
        np.empty((n, _PERSON)),
        np.empty((n, _POST)),
    )  # no row is read before it is written
    notices = np.empty(
        (indices.size, _NOTICE), np.int64
    )  # customer, post, next of the same step, previous of the post
    row_of, head = np.full(n, -1, np.int32), np.full(_HORIZON, -1, np.int64)
    newcomers = np.empty(n, np.int64)
    rates = np.log1p(-infection), np.log1p(-recovery)
    for r in range(sizes.size):
        run = mixed(np.uint64(key) + _GOLDEN * np.uint64(first + r + 1))
        n_people, n_posts, n_notices, n_new, attempt, last, step = 0, 0, 0, 0, 0, 0, 0
        while n_new < n_seeds:
            customer = np.int64(mixed(run + _GOLDEN * (_SEEDS + np.uint64(attempt))) % np.uint64(n))
            attempt += 1
            if row_of[customer] < 0:
                row_of[customer] = n_people
                people[n_people, 0], people[n_people, 1] = customer, 1.0
                newcomers[n_new] = customer
                n_people, n_new = n_people + 1, n_new + 1
        while True:
            for i in range(n_new):
                ending, n_notices = _post(
                    indptr,
                    indices,
                    rates,
                    run,
                    newcomers[i],
                    step,
                    n_posts,
                    posts,
                    notices,
                    n_notices,
                    head,
                )
                n_posts, last = n_posts + 1, max(last, ending)
            step += 1
            if step > last:
                break
            n_new, k = 0, head[step]
            while k >= 0:
                customer, post = notices[k, 0], notices[k, 1]
                if row_of[customer] < 0:
                    row_of[customer] = n_people
                    people[n_people, 0], people[n_people, 1] = customer, 0.0
                    n_people += 1
                row = row_of[customer]
                notices[k, 3], posts[post, 2] = np.int64(posts[post, 2]), k
                if people[row, 1] == 0.0:
                    people[row, 1], people[row, 2], people[row, 3] = 1.0, step, post
                    newcomers[n_new] = customer
                    n_new += 1
                k = notices[k, 2]
        sizes[r] = n_posts
        for row in range(n_people):
            row_of[np.int64(people[row, 0])] = -1
        head[: last + 1] = -1


@njit
def _post(indptr, indices, rates, run, author, step, j, posts, notices, n_notices, head):
    """Write a post and who will notice it when; gives its last step and the number of notices."""
    luck = mixed(run + _GOLDEN * np.uint64(author))
    life = 1 + np.int64(np.log(1.0 - unit(mixed(luck + _GOLDEN * _LIFE))) / rates[1])
    end = min(step + life, _HORIZON - 1)
    posts[j, 0], posts[j, 1], posts[j, 2], posts[j, 3] = author, end, -1.0, step
    bound = 1.0 - np.exp(rates[0] * (end - step))
    last = step
    for tie in range(indptr[author], indptr[author + 1]):
        draw = unit(mixed(luck + _GOLDEN * np.uint64(indices[tie])))
        if draw < bound:
            when = min(step + 1 + np.int64(np.log(1.0 - draw) / rates[0]), end)
            notices[n_notices, 0], notices[n_notices, 1] = indices[tie], j
            notices[n_notices, 2] = head[when]
            head[when] = n_notices
            n_notices, last = n_notices + 1, max(last, when)
    return last, n_notices
