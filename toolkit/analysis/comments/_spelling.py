"""Repair misspelt words: one letter added, missing, changed or swapped, and two words run together.

Only texts in which the scan found nothing are repaired, and then scanned again. A word is repaired when it is long,
occurs in no rule, and is one edit away from a long word that is an entry by itself, with the same first letter: people
rarely mistype the first letter, and most look-alikes ("rétention", "détention") differ there. Candidates are found in
an index of words with one letter deleted (symmetric delete: SymSpell, Garbe 2012), without comparing all pairs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import polars as pl

from toolkit.analysis.comments._lexicon import Use, load_lexicon, plain_words

__all__ = ["repair"]

_LONG = 8
"""The shortest word that is repaired: shorter ones are one letter away from too many others."""
_HALF = 6
"""The shortest lexicon word recognised at one end of two words run together."""
_PHRASE = 12
"""The shortest phrase recognised without its spaces."""
_PREFIXES = frozenset(
    {"allo", "anti", "auto", "bio", "homo", "inter", "mono", "multi", "neo", "para", "poly", "post", "pre", "semi"}
)
"""Prefixes that form a new word: "autogreffe" is one word, not two run together."""


def repair(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the texts that repair changes, with their new folded form: text, folded."""
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
    """Return the corrected word, or None when the word is right, unknown or ambiguous."""
    known, strong, joined, index = _vocabulary()
    if word in known or not word.isalpha():
        return None
    if word in joined:
        return joined[word]
    near = {found for key in (word, *_deletions(word)) for found in index.get(key, ()) if found[0] == word[0]}
    near = {found for found in near if _one_edit(word, found)}
    if near:
        # One letter too many in a plain word ("angglais") is more likely than another error in a lexicon word.
        plain = any(shorter in known and shorter not in strong for shorter in _deletions(word))
        return None if plain else min(near)
    for at in range(2, len(word) - 1):
        left, right = word[:at], word[at:]
        if left not in _PREFIXES and ((left in strong and right in known) or (right in strong and left in known)):
            return f"{left} {right}"
    return None


def _one_edit(word: str, other: str) -> bool:
    """Return whether the words differ by one letter inserted, deleted or changed, or two neighbours swapped."""
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
def _vocabulary() -> tuple[frozenset[str], frozenset[str], dict[str, str], dict[str, list[str]]]:
    """Return all words of the rules, the words that are an entry by themselves, phrases without spaces, the index."""
    lexicon = load_lexicon()
    whole = lexicon.literals.filter(pl.col("literal").str.ends_with(" ")).with_columns(
        pl.col("literal").str.strip_chars()
    )
    words = {word for literal in whole["literal"] for word in literal.split()}
    cues = set(re.findall(r"[a-z]+", " ".join(lexicon.cues.values())))
    alone = lexicon.table.filter(pl.col("needs").is_null(), pl.col("parts") == 1).select(of="entry")
    entries = whole.filter(pl.col("use") == Use.PART).join(alone, on="of", how="semi")["literal"].unique().sort()
    strong = [word for word in entries if word.isalpha() and word not in plain_words()]
    phrases = {"".join(phrase.split()): phrase for phrase in entries if " " in phrase}
    index: dict[str, list[str]] = defaultdict(list)
    for word in strong:
        if len(word) >= _LONG:
            for key in (word, *_deletions(word)):
                index[key].append(word)
    return (
        frozenset(words | cues | plain_words()),
        frozenset(word for word in strong if len(word) >= _HALF),
        {joined: phrase for joined, phrase in phrases.items() if joined.isalpha() and len(joined) >= _PHRASE},
        dict(index),
    )
