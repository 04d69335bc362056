"""The draws: uniform, independent of one another, and the same in any order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from toolkit.synth.streams import Picker, apportion, low, permute, scale, stream, unpermute

MANY = np.arange(400_000, dtype=np.int64)
# A fixed seed gives a fixed p-value: the bound is where a good generator fails once in a million.
P_BOUND = 1e-6


def test_a_word_depends_on_seed_stream_and_id_alone() -> None:
    """The first words of a stream are what they were when they were published, whatever the machine."""
    words = stream(1, "published")(np.array([0, 1, 2**40], dtype=np.int64))

    assert [8389290280948737588, 14347962651975925299, 16318682236152053332] == words.tolist()


@given(st.integers(0, 2**62), st.integers(0, 2**40))
def test_words_do_not_depend_on_their_neighbours(seed: int, start: int) -> None:
    """A word drawn alone is the word drawn among others, in any order."""
    draws = stream(seed, "any")
    ids = start + np.arange(20, dtype=np.int64)

    assert draws(ids)[::-1].tolist() == draws(ids[::-1]).tolist()
    assert draws(ids)[7] == draws(ids[7:8])[0]


@pytest.mark.parametrize("bins", [2, 7, 256, 1000])
@pytest.mark.parametrize("half", ["upper", "lower"])
def test_words_are_uniform(bins: int, half: str) -> None:
    """Draws fall into bins evenly (chi-squared), from the upper bits of a word and from its lower ones."""
    words = stream(3, "uniform")(MANY)
    found = np.bincount(scale(words if half == "upper" else low(words), bins), minlength=bins)

    assert stats.chisquare(found).pvalue > P_BOUND


@pytest.mark.parametrize(
    ("first", "second"),
    [(("a", 0), ("b", 0)), (("a", 0), ("a", 1)), (("person/mail", 0), ("person/mobile", 0)), (("a", 0), ("a", 2**31))],
)
@pytest.mark.parametrize("bins", [16, 60])
def test_pairs_of_streams_are_jointly_uniform(first: tuple[str, int], second: tuple[str, int], bins: int) -> None:
    """Two streams, and one stream at two places, show no pattern in their joint distribution (chi-squared)."""
    one, other = (scale(stream(5, name)(MANY + shift), bins) for name, shift in (first, second))
    found = np.bincount(one * bins + other, minlength=bins * bins)

    assert stats.chisquare(found).pvalue > P_BOUND


def test_the_two_halves_of_a_word_are_independent() -> None:
    """The second draw from a word is independent of the first (chi-squared)."""
    words = stream(6, "halves")(MANY)
    found = np.bincount(scale(words, 32) * 32 + scale(low(words), 32), minlength=1024)

    assert stats.chisquare(found).pvalue > P_BOUND


@given(st.integers(1, 3_000), st.integers(0, 2**63))
def test_a_permutation_meets_every_index_once_and_can_be_undone(size: int, key: int) -> None:
    """`permute` is a bijection of [0, size) and `unpermute` its inverse."""
    index = np.arange(size, dtype=np.int64)
    there = permute(index, size, np.uint64(key))

    assert index.tolist() == sorted(there.tolist())
    assert index.tolist() == unpermute(there, size, np.uint64(key)).tolist()


def test_permutations_of_different_sizes_may_be_walked_at_once() -> None:
    """Sizes and keys given element by element do what they do one at a time."""
    sizes = np.array([5, 1000, 1, 77_777], dtype=np.int64)
    keys = stream(1, "keys")(np.arange(4, dtype=np.int64))
    index = np.array([4, 999, 0, 12_345], dtype=np.int64)
    together = permute(index, sizes, keys)
    alone = [int(permute(index[i : i + 1], int(sizes[i]), keys[i])[0]) for i in range(4)]

    assert alone == together.tolist()


def test_a_permutation_moves_neighbours_apart() -> None:
    """The positions of indices i and i + 1 are uncorrelated (correlation under 1 %)."""
    there = permute(MANY, len(MANY), np.uint64(9))

    assert abs(np.corrcoef(there[:-1], there[1:])[0, 1]) < 0.01
    assert abs(np.corrcoef(MANY, there)[0, 1]) < 0.01


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=50).filter(any))
def test_apportion_shares_out_every_unit_in_proportion(total: int, weights: list[int]) -> None:
    """Shares sum to the total and each lies within one unit of its exact proportion."""
    shares = apportion(total, np.array(weights))
    exact = [total * weight / sum(weights) for weight in weights]

    assert total == shares.sum()
    assert all(abs(share - wish) <= 1 + 1e-6 * wish for share, wish in zip(shares.tolist(), exact, strict=True))


def test_a_picker_draws_in_proportion_to_its_weights() -> None:
    """Indices come up with their weights' shares, and never with weight zero."""
    found = np.bincount(Picker([3, 0, 1, 6])(stream(2, "picker")(MANY)), minlength=4)

    assert found[1] == 0
    assert stats.chisquare(found[[0, 2, 3]], len(MANY) * np.array([0.3, 0.1, 0.6])).pvalue > P_BOUND
