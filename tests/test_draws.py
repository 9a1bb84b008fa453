"""The dice: known answers, their laws, and that draws about different things are independent.

Keys are fixed, so every test gives the same numbers each time; bounds are four standard errors.
"""

import math

import numpy as np
import pytest
from numba import njit
from scipy import special, stats

from buzzsim.errors import ScenarioError
from buzzsim.model import draws

KEY = np.uint64(0x0123456789ABCDEF)
N = 100_000
PURPOSES = {
    name: value
    for name, value in vars(draws).items()
    if name.isupper() and isinstance(value, int) and not name.startswith("_")
}
KOLMOGOROV = special.kolmogi(6e-5)  # as rare as four standard errors


@njit
def chances(key, purpose, n):
    return np.array([draws.chance(key, purpose, who) for who in range(n)])


@njit
def by_replicate(key, purpose, who, n):
    return np.array(
        [draws.chance(draws.fold(key, replicate), purpose, who) for replicate in range(n)]
    )


@njit
def by_post(run, author, kind, number, purpose, n):
    return np.array(
        [draws.chance(draws.post_key(run, author, kind, number), purpose, who) for who in range(n)]
    )


@njit
def normals(key, purpose, n):
    return np.array([draws.normal(key, purpose, who) for who in range(n)])


@njit
def gammas(key, purpose, shape, n):
    return np.array([draws.gamma(key, purpose, who, shape) for who in range(n)])


@njit
def post_keys(run, authors, kinds, numbers):
    keys = np.empty(authors * kinds * numbers, np.uint64)
    at = 0
    for author in range(authors):
        for kind in range(kinds):
            for number in range(numbers):
                keys[at] = draws.post_key(run, author, kind, number)
                at += 1
    return keys


@njit
def folds(states, word):
    return np.array([draws.fold(state, word) for state in states])


def assert_law(sample, law, mean, variance, fourth):
    """Kolmogorov's distance, mean and variance within four standard errors.

    `fourth` is the fourth central moment.
    """
    n = sample.size
    values = np.sort(sample)
    steps = np.arange(n + 1) / n
    cdf = law(values)
    distance = max((steps[1:] - cdf).max(), (cdf - steps[:-1]).max())
    assert distance * math.sqrt(n) < KOLMOGOROV
    assert abs(sample.mean() - mean) < 4 * math.sqrt(variance / n)
    assert abs(((sample - mean) ** 2).mean() - variance) < 4 * math.sqrt((fourth - variance**2) / n)


def assert_unrelated(a, b):
    """Correlation within four standard errors."""
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / math.sqrt(a.size)


# ------------------------------------------------------------------------------------ known answers


def test_fold_is_splitmix64():
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [int(draws.fold(1234567, k)) for k in range(5)] == expected


def test_draws_are_on_file():
    """Changing any of these needs a line *changes results* in the changelog."""
    key = draws.key_of(1)
    assert key == 7434755675892716031
    key = np.uint64(key)
    assert int(draws.post_key(key, 3, 1, 0)) == 8745583680844575108
    assert draws.chance(key, draws.JOIN, 5) == 0.5087283581319805
    assert draws.pick(key, draws.VISITOR, 5, 1000) == 905
    assert draws.normal(key, draws.LAG, 5) == pytest.approx(-0.4076929032179311, rel=1e-14)
    assert draws.gamma(key, draws.SUSCEPTIBILITY, 5, 2.0) == pytest.approx(
        1.015062525977966, rel=1e-14
    )


def test_key_of_is_on_file_for_entropy_of_any_size():
    assert [draws.key_of(entropy) for entropy in (0, 1, 2**64, 2**128 - 1)] == [
        15793235383387715774,
        7434755675892716031,
        8649202198168436674,
        9481509295970325001,
    ]


def test_purposes_are_distinct_numbers_and_keep_them():
    assert len(PURPOSES) >= 29
    assert len(set(PURPOSES.values())) == len(PURPOSES)
    assert [PURPOSES[name] for name in ("POST", "NOTICE", "JOIN", "BOOTSTRAP")] == [1, 8, 13, 29]


@pytest.mark.parametrize("argument", range(3))
@pytest.mark.parametrize("number", [0, 7, 2**31 - 1, 2**31, 2**53, 2**63 - 1])
def test_python_and_numpy_whole_numbers_give_the_same_draw(argument, number):
    arguments = [np.uint64(5), 6, 7]
    arguments[argument] = np.uint64(number)
    expected = draws.chance(*arguments)
    for kind in (int, np.int32, np.uint32, np.int64):
        if kind is int or number <= np.iinfo(kind).max:
            arguments[argument] = kind(number)
            assert draws.chance(*arguments) == expected


def test_a_key_of_64_bits_is_a_numpy_number_and_a_python_one_is_refused_not_cut():
    """Numba takes a Python number as signed once it has seen one, and then refuses a large one."""
    right = draws.chance(np.uint64(2**64 - 1), 6, 7)
    assert right == draws.chance(np.array([-1]).view(np.uint64)[0], 6, 7)
    draws.chance(1, 6, 7)
    with pytest.raises(OverflowError):
        draws.chance(2**64 - 1, 6, 7)


# -------------------------------------------------------------------------------------------- laws


@pytest.mark.parametrize("purpose", [draws.NOTICE, draws.JOIN, draws.VINDICTIVE])
def test_chance_is_uniform(purpose):
    sample = chances(KEY, purpose, N)
    assert sample.min() >= 0.0
    assert sample.max() < 1.0
    assert_law(sample, lambda x: x, 1 / 2, 1 / 12, 1 / 80)


def test_chance_is_uniform_over_replicates_too():
    assert_law(by_replicate(KEY, draws.JOIN, 17, N), lambda x: x, 1 / 2, 1 / 12, 1 / 80)


def test_the_last_bits_of_a_draw_are_as_random_as_the_first():
    sample = chances(KEY, draws.NOTICE, N)
    for shift in (2**10, 2**20, 2**40):
        assert_law(sample * shift % 1, lambda x: x, 1 / 2, 1 / 12, 1 / 80)


def test_unit_never_reaches_one():
    assert draws.unit(np.uint64(2**64 - 1)) == 1 - 2**-53
    assert draws.unit(np.uint64(0)) == 0.0


def test_normal_is_standard_normal():
    assert_law(normals(KEY, draws.LAG, N), special.ndtr, 0.0, 1.0, 3.0)


@pytest.mark.parametrize("shape", [0.3, 1.0, 2.0, 20.0])
def test_gamma_has_mean_one_and_its_shape(shape):
    sample = gammas(KEY, draws.SUSCEPTIBILITY, shape, N)
    assert sample.min() > 0.0
    assert_law(
        sample,
        lambda x: special.gammainc(shape, shape * x),
        1.0,
        1 / shape,
        3 * (shape + 2) / shape**3,
    )


def test_gamma_of_infinite_shape_is_one():
    assert draws.gamma(KEY, draws.SUSCEPTIBILITY, 0, math.inf) == 1.0
    assert abs(draws.gamma(KEY, draws.SUSCEPTIBILITY, 0, 0.99e9) - 1.0) < 1e-3


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_pick_gives_each_equally_often(n):
    picked = np.array([draws.pick(KEY, draws.VISITOR, who, n) for who in range(20_000)])
    counts = np.bincount(picked, minlength=n)
    assert counts.size == n
    if n > 1:
        assert ((counts - 20_000 / n) ** 2).sum() / (20_000 / n) < stats.chi2.isf(6e-5, n - 1)


def test_pick_stays_below_any_crowd():
    assert max(draws.pick(KEY, draws.VISITOR, who, 2**31 - 2) for who in range(20_000)) < 2**31 - 2


def test_resamples_draw_every_replicate_once_on_average():
    counts = draws.resamples(KEY, 50, 0, 2000)
    assert (counts[700:703] == draws.resamples(KEY, 50, 700, 703)).all()
    assert counts.shape == (2000, 50)
    assert (counts.sum(axis=1) == 50).all()
    assert (np.abs(counts.mean(axis=0) - 1) < 4.5 * math.sqrt(0.98 / 2000)).all()
    assert counts.var() == pytest.approx(0.98, abs=4 * math.sqrt(2.0 / 100_000) + 0.01)


# -------------------------------------------------------------------- nothing to do with each other


def test_purposes_are_unrelated():
    samples = {purpose: chances(KEY, purpose, 20_000) for purpose in PURPOSES.values()}
    correlations = np.corrcoef(list(samples.values()))
    others = correlations[np.triu_indices(len(samples), 1)]
    assert np.abs(others).max() < special.ndtri(1 - 6e-5 / 2 / others.size) / math.sqrt(20_000)


def test_replicates_are_unrelated():
    runs = [draws.fold(KEY, replicate) for replicate in (0, 1, 2, 1000)]
    samples = [chances(np.uint64(run), draws.JOIN, N) for run in runs]
    for k, sample in enumerate(samples):
        for other in samples[:k]:
            assert_unrelated(sample, other)


def test_neighbours_in_the_crowd_are_unrelated():
    sample = chances(KEY, draws.NOTICE, N)
    for step in (1, 2, 3, 64, 1024):
        assert_unrelated(sample[step:], sample[:-step])


def test_posts_of_one_author_are_unrelated_whatever_their_kind_and_number():
    posts = [(3, 1, 0), (3, 1, 1), (3, 2, 0), (3, 2, 1), (4, 1, 0), (1, 3, 0)]
    samples = [by_post(KEY, *post, draws.NOTICE, N) for post in posts]
    for k, sample in enumerate(samples):
        for other in samples[:k]:
            assert_unrelated(sample, other)


def test_noticing_and_joining_are_unrelated():
    key = draws.post_key(KEY, 3, 1, 0)
    assert_unrelated(chances(key, draws.NOTICE, N), chances(key, draws.JOIN, N))
    assert_unrelated(chances(key, draws.NOTICE, N), chances(key, draws.SECOND_NOTICE, N))


def test_normal_draws_are_unrelated_across_purposes_and_people():
    a, b = normals(KEY, draws.LAG, N), normals(KEY, draws.SUSCEPTIBILITY, N)
    assert_unrelated(a, b)
    assert_unrelated(a[1:], a[:-1])
    assert_unrelated(a[1:] ** 2, a[:-1] ** 2)


def test_a_million_posts_have_a_million_keys():
    keys = post_keys(KEY, 20_000, 5, 10)
    assert np.unique(keys).size == keys.size == 1_000_000


def test_the_order_of_words_matters():
    assert draws.post_key(KEY, 1, 2, 3) != draws.post_key(KEY, 2, 1, 3)
    assert draws.chance(KEY, 1, 2) != draws.chance(KEY, 2, 1)


@pytest.mark.parametrize("which", ["state", "word"])
def test_changing_one_bit_changes_half_of_them(which):
    """Avalanche: each input bit flips each output bit with chance 1/2."""
    n = 4096
    states = folds(np.arange(n, dtype=np.uint64), 99)
    for bit in range(64):
        flip = np.uint64(1 << bit)
        if which == "state":
            changed = folds(states, 7) ^ folds(states ^ flip, 7)
        else:
            changed = folds(states, np.uint64(7)) ^ folds(states, np.uint64(7) ^ flip)
        flipped = np.array([((changed >> np.uint64(k)) & np.uint64(1)).mean() for k in range(64)])
        assert abs(flipped.mean() - 0.5) < 4 * 0.5 / math.sqrt(64 * n)
        assert np.abs(flipped - 0.5).max() < 5.5 * 0.5 / math.sqrt(n)  # the largest of 4,096


# ---------------------------------------------------------------------------- where luck comes from


@pytest.mark.parametrize("number", [0, 1, 2**63, 2**64, 10**50])
def test_a_whole_number_is_its_own_entropy(number):
    assert draws.entropy_of(number) == number
    assert isinstance(draws.key_of(number), int)


def test_numpy_whole_numbers_are_taken_and_given_back_as_python_ones():
    assert draws.entropy_of(np.int32(7)) == 7
    assert type(draws.entropy_of(np.uint64(2**64 - 1))) is int


def test_fresh_entropy_differs_each_time():
    assert len({draws.entropy_of(None) for _ in range(10)}) == 10


def test_a_seed_sequence_gives_the_same_entropy_each_time_and_its_children_others():
    sequence = np.random.SeedSequence(5)
    assert draws.entropy_of(sequence) == draws.entropy_of(np.random.SeedSequence(5))
    children = {draws.entropy_of(child) for child in sequence.spawn(3)}
    assert len(children | {draws.entropy_of(sequence)}) == 4


def test_a_generator_is_advanced_by_one_draw():
    generator, same = np.random.default_rng(5), np.random.default_rng(5)
    first, second = draws.entropy_of(generator), draws.entropy_of(generator)
    assert first != second
    assert first == int(same.integers(2**63 - 1))
    assert draws.entropy_of(np.random.PCG64(5)) == first


def test_recorded_entropy_gives_the_same_luck_again():
    entropy = draws.entropy_of(np.random.default_rng(5))
    assert draws.key_of(draws.entropy_of(entropy)) == draws.key_of(entropy)


@pytest.mark.parametrize(
    "rng",
    [-1, 1.0, "1", True, np.True_, [1, 2], np.array([1]), np.random.RandomState(1), -(10**30), {}],
)
def test_other_things_are_no_luck(rng):
    with pytest.raises(
        ScenarioError, match=r"^arguments: rng is .*; expected None, a whole number from 0"
    ):
        draws.entropy_of(rng)
