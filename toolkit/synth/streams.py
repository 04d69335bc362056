"""Reproducible random draws: a value is a function of (seed, stream, id), and of nothing else.

There is no state. A stream is a named sequence of 64-bit words, and the n-th word is computed directly from n, so any
part of a data set can be generated alone, in any order, on any number of threads, with the same result.
Values are computed with integer arithmetic (no floating-point function whose last bit differs between processors).

The words of a stream are SplitMix64 with Stafford's "Mix13" finaliser (Steele, Lea and Flood, *Fast splittable
pseudorandom number generators*, OOPSLA 2014), with an offset that is a SHA-256 hash of the seed and the name.
Permutations are Feistel networks on a rectangle a x b with cycle walking (Black and Rogaway, *Ciphers with arbitrary
finite domains*, CT-RSA 2002).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Picker", "Stream", "apportion", "chance", "low", "permute", "scale", "stream", "unpermute"]

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = (np.uint64(n) for n in (27, 30, 31, 32))
_ROUND_CONSTANTS = tuple(np.uint64(number * 0x9E3779B97F4A7C15 % 2**64) for number in range(4))


def _finalise(z: Words) -> Words:
    """Mix the bits of `z` in place (Stafford's variant 13) and return it."""
    z ^= z >> _S30
    z *= _MIX_A
    z ^= z >> _S27
    z *= _MIX_B
    z ^= z >> _S31
    return z


@dataclass(frozen=True, slots=True)
class Stream:
    """A named sequence of 64-bit words; call it with ids to get their words."""

    key: np.uint64

    def __call__(self, ids: Ints) -> Words:
        """Return one uniform 64-bit word for each id (ids may repeat and be in any order)."""
        z = ids.astype(np.uint64)
        z *= _GOLDEN
        z += self.key
        return _finalise(z)

    def below(self, ids: Ints, bound: int | Ints) -> Ints:
        """Return one integer in [0, bound) for each id; `bound` (under 2**32) may differ by id."""
        return scale(self(ids), bound)

    def chance(self, ids: Ints, probability: float) -> NDArray[np.bool_]:
        """Return true with the given probability, for each id."""
        return chance(self(ids), probability)

    def child(self, name: str) -> Stream:
        """Return another stream called `name`, independent of this one."""
        return _start(f"{int(self.key)}/{name}")


def _start(text: str) -> Stream:
    digest = hashlib.sha256(text.encode()).digest()
    return Stream(np.uint64(int.from_bytes(digest[:8], "little")))


def stream(seed: int, name: str) -> Stream:
    """Return the stream called `name` under `seed`."""
    return _start(f"leak-forensics/{seed}/{name}")


def scale(words: Words, bound: int | Ints) -> Ints:
    """Map uniform words to integers in [0, bound), from their upper 32 bits (bias below bound / 2**32)."""
    return (((words >> _S32) * np.asarray(bound, dtype=np.uint64)) >> _S32).astype(np.int64)


def low(words: Words) -> Words:
    """Move the lower 32 bits up: a second, independent draw from the same words."""
    return words << _S32


def chance(words: Words, probability: float | NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return true where a uniform word is below `probability` (resolution 2**-32, from the upper 32 bits)."""
    threshold = np.rint(np.asarray(probability, dtype=np.float64) * 2.0**32).astype(np.uint64)
    return (words >> _S32) < threshold


class Picker:
    """Draw an index with given weights: one lookup per draw, whatever the number of weights.

    The weights are spread over a table of 2**bits places by largest remainder, so each share is right to 2**-bits
    and the table depends on integer arithmetic only.
    """

    def __init__(self, weights: Sequence[int] | NDArray[np.integer], bits: int = 16) -> None:
        counts = apportion(1 << bits, np.asarray(weights, dtype=np.int64))
        index = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        self._table = index
        self._shift = np.uint64(64 - bits)

    def __call__(self, words: Words) -> NDArray[np.int32]:
        """Return one index for each uniform word."""
        return self._table[(words >> self._shift).astype(np.int64)]


def apportion(total: int, weights: NDArray[np.integer]) -> Ints:
    """Share out `total` whole units in proportion to `weights` (largest remainder; lowest index first on ties)."""
    weights = np.asarray(weights, dtype=np.int64)
    weight_total = int(weights.sum())
    if weight_total <= 0:
        raise ValueError("apportion: the weights sum to zero; at least one must be positive")
    if total * int(weights.max()) < 2**62:
        shares, remainders = np.divmod(weights * total, weight_total)
    else:
        exact = [divmod(int(w) * total, weight_total) for w in weights]
        shares = np.array([q for q, _ in exact], dtype=np.int64)
        remainders = np.array([r * (2**40) // weight_total for _, r in exact], dtype=np.int64)
    left = total - int(shares.sum())
    order = np.lexsort((np.arange(len(weights)), -remainders))
    shares[order[:left]] += 1
    return shares


def _rectangle(size: NDArray[np.uint64]) -> tuple[Words, Words]:
    """Return the sides a, b of a near-square with a * b >= size, as small as possible."""
    a = np.maximum(np.uint64(1), np.floor(np.sqrt(size.astype(np.float64))).astype(np.uint64))
    b = (size + a - np.uint64(1)) // a
    return a, b


def _round_bits(half: Words, key: Words, number: int) -> Words:
    """Return 32 pseudorandom bits from one half, the key and the round number (the Feistel round function)."""
    z = half + key
    z += _ROUND_CONSTANTS[number]
    z ^= z >> _S32
    z *= _MIX_A
    z ^= z >> _S31
    z *= _MIX_B
    return z >> _S32


def _walk(index: Ints, size: Ints | int, key: Words | np.uint64, *, forward: bool) -> Ints:
    x = np.array(index, dtype=np.uint64)
    n = np.broadcast_to(np.asarray(size, dtype=np.uint64), x.shape)
    k = np.broadcast_to(np.asarray(key, dtype=np.uint64), x.shape)
    if np.ndim(size) == 0:
        a1, b1 = _rectangle(np.asarray([size], dtype=np.uint64))
        a, b = np.broadcast_to(a1, x.shape), np.broadcast_to(b1, x.shape)
    else:
        a, b = _rectangle(n)
    todo: NDArray[np.intp] | slice = slice(None)
    while True:
        x[todo] = _pass(x[todo], a[todo], b[todo], k[todo], forward=forward)
        outside = np.flatnonzero(x >= n)
        if outside.size == 0:
            return x.astype(np.int64)
        todo = outside


def _pass(x: Words, a: Words, b: Words, key: Words, *, forward: bool) -> Words:
    left, right = x // b, x % b
    rounds = range(len(_ROUND_CONSTANTS))
    for number in rounds if forward else reversed(rounds):
        if number % 2 == 0:
            step = _round_bits(right, key, number) % a
            left = (left + (step if forward else a - step)) % a
        else:
            step = _round_bits(left, key, number) % b
            right = (right + (step if forward else b - step)) % b
    return left * b + right


def permute(index: Ints, size: Ints | int, key: Words | np.uint64) -> Ints:
    """Return the position of each index of [0, size) in a keyed permutation; size and key may differ by element."""
    return _walk(index, size, key, forward=True)


def unpermute(index: Ints, size: Ints | int, key: Words | np.uint64) -> Ints:
    """Return the inverse of `permute`."""
    return _walk(index, size, key, forward=False)
