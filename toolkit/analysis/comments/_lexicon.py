"""Read the lexicon of the scan from the CSV files of `toolkit/analysis/comments/lexicon`.

`<category>.csv` has the entries of one category, one per row: id, pattern, gloss (why it counts), kind (stated or
inferred), flags, needs (the text must contain one of these), unless (it may contain none of these), also (further
categories), example. A long list of context words has a name (`@...`) and is defined once, in `contexts.csv`. The files
of `lookalikes` have harmless phrases that contain the words of an entry. `cues.csv` has, by role, regular expressions
for words that change the meaning of an entry (a negation, a relative, an occupation), used in `_context`.
`_patterns` describes the syntax of patterns.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import polars as pl

from toolkit.analysis.comments._patterns import PatternError, expand, split_parts
from toolkit.errors import ToolkitError
from toolkit.schema import CATEGORIES

__all__ = ["Entry", "Flag", "Lexicon", "LexiconError", "Use", "load_lexicon", "plain_words"]

FOLDER = Path(__file__).parent / "lexicon"
_ENTRY_COLUMNS = ["id", "pattern", "gloss", "kind", "flags", "needs", "unless", "also", "example"]
_CUE_COLUMNS = ["role", "pattern", "gloss"]
_CONTEXT_COLUMNS = ["name", "pattern", "gloss"]
_LOOKALIKE_COLUMNS = ["id", "pattern", "note", "gloss", "example"]


class LexiconError(ToolkitError):
    """A lexicon file that cannot be used; the message names the file, the line and the mistake."""


class Flag(StrEnum):
    """A property of an entry that decides which rules of `_context` apply to it."""

    OPINION = "opinion"
    """A belief, orientation or opinion: even negated, it reveals something about the person."""
    FIELD = "field"
    """A place of care, a service or a subject in which people also work."""
    SURNAME = "surname"
    """Also a surname or a first name."""
    SCREEN = "screen"
    """Also the subject of vaccines, screening and routine check-ups."""
    SOLID = "solid"
    """So explicit (a whole sentence rather than a word) that the rules for harmless contexts do not apply."""


class Use(StrEnum):
    """The use of a literal in the scan."""

    PART = "part"
    NEED = "need"
    UNLESS = "unless"
    LOOKALIKE = "lookalike"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: a pattern, the categories that it reveals, and the reason."""

    id: str
    categories: tuple[str, ...]
    pattern: str
    gloss: str
    inferred: bool
    flags: frozenset[Flag]
    needs: str
    unless: str
    example: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All rules, and the tables they expand to.

    `table` has one row per entry: entry (its index), id, categories, inferred, one column per flag, parts (their
    number), words, needs and unless (the number of a list of context words, or null). `literals` has one row per use of
    a literal: literal, use, of (the number of the entry, the context list or the look-alike), part (its number in the
    pattern), parts (their number), reach (characters allowed before that part), anchor (whether the first step of the
    scan looks for it). `cues` maps a role to one regular expression, the alternation of its rows.
    """

    entries: tuple[Entry, ...]
    table: pl.DataFrame
    literals: pl.DataFrame
    cues: dict[str, str]

    def anchors(self) -> pl.Series:
        """Return the literals that the first step of the scan looks for: those of one part of each entry."""
        return self.literals.filter("anchor")["literal"].unique().sort()

    def alone(self) -> pl.Series:
        """Return the literals that are a complete entry by themselves."""
        complete = self.literals.filter((pl.col("use") == Use.PART) & (pl.col("parts") == 1))
        return complete["literal"].unique().sort()


@cache
def load_lexicon(folder: Path = FOLDER) -> Lexicon:
    """Read and expand the lexicon; raise `LexiconError` with the file and line of the first mistake."""
    named = {f"@{row['name']}": row["pattern"] for _, row in _rows(folder / "contexts.csv", _CONTEXT_COLUMNS)}
    entries = [e for category in CATEGORIES for e in _read_entries(folder / f"{category}.csv", category, named)]
    repeated = sorted(name for name, times in Counter(entry.id for entry in entries).items() if times > 1)
    if repeated:
        raise LexiconError(f"{folder}: ids must be unique, these are used twice: {', '.join(repeated)}")
    files = sorted((folder / "lookalikes").glob("*.csv"))
    lookalikes = [row["pattern"] for file in files for _, row in _rows(file, _LOOKALIKE_COLUMNS)]
    distinct = dict.fromkeys(context for entry in entries for context in (entry.needs, entry.unless))
    contexts = {context: number for number, context in enumerate(distinct)}
    return Lexicon(
        tuple(entries),
        _tabulate(entries, contexts),
        _with_anchors(_expand_all(entries, contexts, lookalikes)),
        _read_cues(folder / "cues.csv"),
    )


@cache
def common_words() -> dict[str, int]:
    """Return the most frequent words of everyday notes (`common_words.txt`) with their ranks, from 1."""
    words = (FOLDER / "common_words.txt").read_text(encoding="utf-8").split()
    return {word: rank for rank, word in enumerate(words, start=1)}


@cache
def plain_words() -> frozenset[str]:
    """Return ordinary words (`plain_words.txt`), which are never taken for a misspelt word of the lexicon."""
    return frozenset((FOLDER / "plain_words.txt").read_text(encoding="utf-8").split())


def _rows(path: Path, columns: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of one CSV file with their line numbers, after a check of header, fields and patterns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != columns:
            raise LexiconError(f"{path.name}: expected the columns {columns}, found {reader.fieldnames}")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            if None in row or None in row.values():
                raise LexiconError(f"{where}: expected {len(columns)} fields; quote a field that holds a comma")
            if "role" not in row:
                _check_pattern(row["pattern"], where)
            if not row["gloss"]:
                raise LexiconError(f"{where}: the gloss is empty; write in a few words why the pattern is there")
            yield reader.line_num, row


def _check_pattern(pattern: str, where: str) -> None:
    try:
        for part, _ in split_parts(pattern):
            expand(part)
    except PatternError as error:
        raise LexiconError(f"{where}: {error}") from error


def _read_entries(path: Path, category: str, named: dict[str, str]) -> Iterator[Entry]:
    for line, row in _rows(path, _ENTRY_COLUMNS):
        where = f"{path.name}, line {line}"
        if row["kind"] not in ("stated", "inferred"):
            raise LexiconError(f"{where}: kind is {row['kind']!r}, expected 'stated' or 'inferred'")
        unknown = [flag for flag in row["flags"].split() if flag not in set(Flag)]
        if unknown:
            raise LexiconError(f"{where}: unknown flag {unknown[0]!r}, expected one of {', '.join(Flag)}")
        also = [name for name in row["also"].split() if name not in CATEGORIES]
        if also:
            raise LexiconError(f"{where}: unknown category {also[0]!r} in column also")
        yield Entry(
            id=row["id"],
            categories=(category, *row["also"].split()),
            pattern=row["pattern"],
            gloss=row["gloss"],
            inferred=row["kind"] == "inferred",
            flags=frozenset(Flag(flag) for flag in row["flags"].split()),
            needs=_context(row["needs"], named, where),
            unless=_context(row["unless"], named, where),
            example=row["example"],
        )


def _context(text: str, named: dict[str, str], where: str) -> str:
    """Return the context words of a field, or those of `contexts.csv` that it names."""
    if text.startswith("@"):
        if text not in named:
            raise LexiconError(f"{where}: contexts.csv has no list named {text[1:]!r}")
        return named[text]
    if text:
        _check_pattern(text, where)
    return text


def _read_cues(path: Path) -> dict[str, str]:
    """Return one regular expression per role from the rows of the cue file."""
    roles: dict[str, list[str]] = {}
    for line, row in _rows(path, _CUE_COLUMNS):
        try:
            re.compile(row["pattern"])
        except re.error as error:
            raise LexiconError(
                f"{path.name}, line {line}: {row['pattern']!r} is not a regular expression: {error}"
            ) from error
        roles.setdefault(row["role"], []).append(row["pattern"])
    return {role: f"(?:{'|'.join(patterns)})" for role, patterns in roles.items()}


def _tabulate(entries: list[Entry], contexts: dict[str, int]) -> pl.DataFrame:
    """Return `Lexicon.table`, one row per entry."""
    columns = {
        "entry": pl.Series(range(len(entries)), dtype=pl.Int32),
        "id": [entry.id for entry in entries],
        "categories": [list(entry.categories) for entry in entries],
        "inferred": [entry.inferred for entry in entries],
        "parts": [len(split_parts(entry.pattern)) for entry in entries],
        "words": [len(re.findall(r"[a-z0-9(][^ ]*", entry.pattern)) for entry in entries],
        "needs": pl.Series([contexts[entry.needs] if entry.needs else None for entry in entries], dtype=pl.Int32),
        "unless": pl.Series([contexts[entry.unless] if entry.unless else None for entry in entries], dtype=pl.Int32),
    }
    return pl.DataFrame(columns | {flag.value: [flag in entry.flags for entry in entries] for flag in Flag})


def _expand_all(entries: list[Entry], contexts: dict[str, int], lookalikes: list[str]) -> pl.DataFrame:
    """Return every literal of every rule, one row per use."""
    uses: list[tuple[str, str, int, int, int, int]] = []
    for index, entry in enumerate(entries):
        uses += _uses(entry.pattern, Use.PART, index)
    needed, excluded = {entry.needs for entry in entries}, {entry.unless for entry in entries}
    for context, number in contexts.items():
        for use in [Use.NEED] * (context in needed) + [Use.UNLESS] * (context in excluded):
            uses += [(literal, use.value, number, 0, 1, 0) for literal in (expand(context) if context else [])]
    for index, pattern in enumerate(lookalikes):
        uses += _uses(pattern, Use.LOOKALIKE, index)
    names = {
        "literal": pl.String,
        "use": pl.String,
        "of": pl.Int32,
        "part": pl.Int8,
        "parts": pl.Int8,
        "reach": pl.Int16,
    }
    columns = zip(*uses, strict=True)
    return pl.DataFrame(
        {name: pl.Series(column, dtype=dtype) for (name, dtype), column in zip(names.items(), columns, strict=True)}
    ).unique(maintain_order=True)


def _uses(pattern: str, use: Use, of: int) -> Iterator[tuple[str, str, int, int, int, int]]:
    """Yield the literals of all parts of one pattern."""
    parts = split_parts(pattern)
    for number, (part, reach) in enumerate(parts):
        for literal in expand(part):
            yield literal, use.value, of, number, len(parts), reach


def _with_anchors(literals: pl.DataFrame) -> pl.DataFrame:
    """Mark the anchor of each entry: its part that occurs in the fewest everyday notes.

    An entry needs all of its parts, so the scan may look for any one of them first. The frequency of a word is about
    one in its rank (Zipf's law), and zero if it is not a common word; ties go to the part with the longest literals.
    """
    rank = common_words()
    frequency = [_frequency(literal.split(), rank) for literal in literals["literal"]]
    parts = literals.with_columns(frequency=pl.Series(frequency, dtype=pl.Float64)).filter(pl.col("use") == Use.PART)
    summed = parts.group_by("of", "part").agg(
        pl.col("frequency").sum(), shortest=pl.col("literal").str.len_bytes().min()
    )
    best = summed.sort("of", "frequency", "shortest", "part", descending=[False, False, True, False])
    anchors = best.unique("of", keep="first").select(
        "of", "part", use=pl.lit(Use.PART.value), anchor=pl.lit(value=True)
    )
    return literals.join(anchors, on=["of", "part", "use"], how="left", maintain_order="left").with_columns(
        pl.col("anchor").fill_null(value=False)
    )


def _frequency(words: list[str], rank: dict[str, int]) -> float:
    """Estimate the frequency of a phrase relative to the most frequent word; 0 if any of its words is not common."""
    return math.prod(1 / rank[word] if word in rank else 0.0 for word in words)
