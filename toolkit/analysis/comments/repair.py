"""Words typed wrong: one letter too many, too few, changed or swapped, and two words run together.

Only texts in which the scan found nothing are repaired, word by word, and then read again. A word is repaired when no
rule knows it, it is long, and it lies one edit from exactly one long word of the lexicon with the same first letter:
people rarely miss the first one, and most look-alikes ("rétention", "détention") differ there. Candidates come from
the words with one letter deleted (the symmetric-delete index of SymSpell, Garbe 2012), never from comparing all pairs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import polars as pl

from toolkit.analysis.comments.lexicon import Lexicon, Use, load_lexicon, plain_words

__all__ = ["repair"]

_LONG = 8
"""Words shorter than this are one letter away from too many others."""
_HALF = 6
"""The shortest lexicon word recognised at one end of two words run together."""


def repair(texts: pl.DataFrame) -> pl.DataFrame:
    """The texts that repair changes, with their new folded form: text, folded."""
    words = texts.select("text", word=pl.col("folded").str.strip_chars().str.split(" ")).explode("word")
    unknown = words.select("word").unique().filter(pl.col("word").str.len_bytes() >= _LONG).sort("word")
    fixes = {word: fixed for word in unknown["word"] if (fixed := _fix(word)) is not None}
    if not fixes:
        return texts.clear()
    touched = words.filter(pl.col("word").is_in(list(fixes))).select("text").unique()
    return (
        words.join(touched, on="text", how="semi")
        .with_columns(pl.col("word").replace(fixes))
        .group_by("text", maintain_order=True)
        .agg(folded=pl.concat_str(pl.lit(" "), pl.col("word").str.join(" "), pl.lit(" ")).first())
        .sort("text")
    )


def _fix(word: str) -> str | None:
    """What a word was meant to be, or None when it is right, unknown or ambiguous."""
    known, long_words, index = _vocabulary()
    if word in known or not word.isalpha():
        return None
    near = {w for key in (word, *_deletions(word)) for w in index.get(key, ()) if w[0] == word[0]}
    near = {w for w in near if _one_edit(word, w)}
    if len(near) >= 1:
        return min(near)
    halves = [
        (word[:at], word[at:])
        for at in range(2, len(word) - 1)
        if word[:at] in known and word[at:] in known and (word[:at] in long_words or word[at:] in long_words)
    ]
    return " ".join(halves[0]) if halves else None


def _one_edit(word: str, other: str) -> bool:
    """One letter inserted, deleted, changed, or two neighbours swapped."""
    short, long = sorted((word, other), key=len)
    if len(short) != len(long):
        return len(long) == len(short) + 1 and short in _deletions(long)
    differing = [at for at, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
    if len(differing) == 1:
        return True
    swapped = len(differing) == 2 and differing[1] == differing[0] + 1
    return swapped and word[differing[0]] == other[differing[1]] and word[differing[1]] == other[differing[0]]


def _deletions(word: str) -> Iterator[str]:
    return (word[:at] + word[at + 1 :] for at in range(len(word)))


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[str], dict[str, list[str]]]:
    """All words that rules know, the lexicon's words long enough to be half of a run-on, and the deletion index."""
    lexicon = load_lexicon()
    cues = frozenset(re.findall(r"[a-z]+", " ".join(lexicon.cues.values())))
    known = _words(lexicon, tuple(Use)) | plain_words() | cues
    entries = _words(lexicon, (Use.PART,)) - plain_words()
    index: dict[str, list[str]] = defaultdict(list)
    for word in sorted(entries):
        if len(word) >= _LONG:
            for key in (word, *_deletions(word)):
                index[key].append(word)
    return known, frozenset(word for word in entries if len(word) >= _HALF), dict(index)


def _words(lexicon: Lexicon, uses: tuple[Use, ...]) -> frozenset[str]:
    """The whole words (no open endings) of the literals with these uses."""
    literals = lexicon.literals.filter(pl.col("use").is_in(uses), pl.col("literal").str.ends_with(" "))["literal"]
    return frozenset(word for literal in literals for word in literal.split() if word.isalpha())
