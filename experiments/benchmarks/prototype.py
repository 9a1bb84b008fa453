"""Prototype A and the gather limit: what plain compiled loops need for the common work.

The prototype goes step by step and draws a keyed coin for each tie before it touches the
neighbour's state. It knows nothing else: no people, no posts, no outcomes but the final size. The
gather limit reads one byte of state for each tie visit of the epidemic, in the same order, and
decides nothing.
"""

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SUSCEPTIBLE, _INFECTED, _RECOVERED = np.uint8(0), np.uint8(1), np.uint8(2)
_PEOPLE = np.uint64(1) << np.uint64(62)  # so that no person has the coin of a tie
_SEEDS = np.uint64(1) << np.uint64(61)


@njit(inline="always")
def mixed(z):
    """Mix 64 bits (splitmix64, Steele, Lea & Flood 2014)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(inline="always")
def below(probability):
    """Give the number below which a coin of 64 bits falls with that probability."""
    return np.uint64(probability * 18446744073709551615.0)


@njit(inline="always")
def start(state, people, n_seeds, key):
    """Infect distinct people at random; gives how many."""
    n, attempt = 0, np.uint64(0)
    while n < n_seeds:
        person = mixed(key + _GOLDEN * (_SEEDS + attempt)) % np.uint64(state.size)
        attempt += np.uint64(1)
        if state[person] == _SUSCEPTIBLE:
            state[person] = _INFECTED
            people[n] = person
            n += 1
    return n


@njit(nogil=True, cache=True)
def sir(indptr, indices, infection, recovery, n_seeds, key, first, sizes):
    """Run epidemics from `first` on into `sizes`: a coin for each infected tie and step."""
    state = np.zeros(indptr.size - 1, np.uint8)
    infected = np.empty(state.size, np.int32)
    infects, recovers = below(infection), below(recovery)
    for r in range(sizes.size):
        run = mixed(np.uint64(key) + _GOLDEN * np.uint64(first + r + 1))
        n = start(state, infected, n_seeds, run)
        size, step = n, np.uint64(0)
        while n > 0:
            step += np.uint64(1)
            luck = mixed(run + _GOLDEN * step)
            alive, last = 0, n
            for i in range(last):
                person = infected[i]
                for tie in range(indptr[person], indptr[person + 1]):
                    if mixed(luck + _GOLDEN * np.uint64(tie)) < infects:
                        other = indices[tie]
                        if state[other] == _SUSCEPTIBLE:
                            state[other] = _INFECTED
                            infected[n] = other
                            n += 1
            size += n - last
            for i in range(n):  # the new ones, after `last`, stay
                person = infected[i]
                if i < last and mixed(luck + _GOLDEN * (_PEOPLE + np.uint64(person))) < recovers:
                    state[person] = _RECOVERED
                else:
                    infected[alive] = person
                    alive += 1
            n = alive
        sizes[r] = size
        state[:] = _SUSCEPTIBLE


@njit(nogil=True, cache=True)
def cascade(indptr, indices, probability, n_seeds, key, first, sizes):
    """Run independent cascades into `sizes`; one costs a coin for each tie of those reached."""
    state = np.zeros(indptr.size - 1, np.uint8)
    reached = np.empty(state.size, np.int32)
    passes = below(probability)
    for r in range(sizes.size):
        run = mixed(np.uint64(key) + _GOLDEN * np.uint64(first + r + 1))
        n, i = start(state, reached, n_seeds, run), 0
        while i < n:
            person = reached[i]
            for tie in range(indptr[person], indptr[person + 1]):
                if mixed(run + _GOLDEN * np.uint64(tie)) < passes:
                    other = indices[tie]
                    if state[other] == _SUSCEPTIBLE:
                        state[other] = _INFECTED
                        reached[n] = other
                        n += 1
            i += 1
        sizes[r] = n
        for i in range(n):
            state[reached[i]] = _SUSCEPTIBLE


@njit(nogil=True, cache=True)
def visits(indptr, indices, infection, recovery, n_seeds, key, order):
    """Write whom the first epidemic of `sir` visits into `order`; gives how many."""
    state = np.zeros(indptr.size - 1, np.uint8)
    infected = np.empty(state.size, np.int32)
    infects, recovers = below(infection), below(recovery)
    run = mixed(np.uint64(key) + _GOLDEN)
    n = start(state, infected, n_seeds, run)
    step, n_visits = np.uint64(0), 0
    while n > 0:
        step += np.uint64(1)
        luck = mixed(run + _GOLDEN * step)
        alive, last = 0, n
        for i in range(last):
            person = infected[i]
            if n_visits < order.size:
                order[n_visits] = person
            n_visits += 1
            for tie in range(indptr[person], indptr[person + 1]):
                if (
                    mixed(luck + _GOLDEN * np.uint64(tie)) < infects
                    and state[indices[tie]] == _SUSCEPTIBLE
                ):
                    state[indices[tie]] = _INFECTED
                    infected[n] = indices[tie]
                    n += 1
        for i in range(n):
            person = infected[i]
            if i >= last or mixed(luck + _GOLDEN * (_PEOPLE + np.uint64(person))) >= recovers:
                infected[alive] = person
                alive += 1
        n = alive
    return n_visits


@njit(nogil=True, cache=True)
def gather(indptr, indices, order, state):
    """Read one byte for each tie of those in `order`; gives their sum, so that all are read."""
    total = 0
    for person in order:
        for tie in range(indptr[person], indptr[person + 1]):
            total += state[indices[tie]]
    return total


def order_of(indptr, indices, infection, recovery, n_seeds, key):
    """Give whom one epidemic visits, in order, for `gather`."""
    order = np.empty(0, np.int32)
    n = visits(indptr, indices, infection, recovery, n_seeds, key, order)
    order = np.empty(n, np.int32)
    visits(indptr, indices, infection, recovery, n_seeds, key, order)
    return order
