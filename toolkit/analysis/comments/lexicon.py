"""The lexicon: what the scan looks for, as data, read from the CSV files of `toolkit/analysis/lexicon`.

`<category>.csv` holds the entries of one category, one a row: id, pattern, gloss (why it counts), kind (stated or
inferred), flags, needs (one of these must be in the text), unless (none of these may be), also (further categories),
example. `lookalikes.csv` holds harmless phrases that contain an entry's words. `cues.csv` holds, by role, the words that
change what an entry means (a negation, a relative, a trade): regular expressions, which `qualifiers` puts together.
The syntax of patterns is that of `toolkit.analysis.comments.patterns`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import polars as pl

from toolkit.analysis.comments.patterns import PatternError, expand, split_parts
from toolkit.errors import ToolkitError

__all__ = ["CATEGORIES", "Entry", "Flag", "Lexicon", "LexiconError", "Use", "load_lexicon", "plain_words"]

CATEGORIES = (
    "serious_illness",
    "mental_health",
    "addiction",
    "violence",
    "sexual_life",
    "reproductive",
    "religion_beliefs",
    "origin_ethnicity",
    "politics_union",
    "criminal_justice",
    "family_life",
    "social_situation",
)
"""The twelve kinds of sensitive comment, each with a file of entries."""

FOLDER = Path(__file__).parents[1] / "lexicon"
_ENTRY_COLUMNS = ["id", "pattern", "gloss", "kind", "flags", "needs", "unless", "also", "example"]
_CUE_COLUMNS = ["role", "pattern", "gloss"]
_LOOKALIKE_COLUMNS = ["id", "pattern", "note", "gloss", "example"]


class LexiconError(ToolkitError):
    """A lexicon file that cannot be used; the message says which file, which line, what is wrong."""


class Flag(StrEnum):
    """What an entry tells the qualifiers about itself."""

    OPINION = "opinion"
    """A belief, orientation or opinion: said with a negation, it still tells what the person is."""
    FIELD = "field"
    """A place of care, a service or a subject, which is also where people work."""
    SURNAME = "surname"
    """Also a surname or a first name."""
    SCREEN = "screen"
    """Also what vaccines, screening and routine check-ups are about."""
    SOLID = "solid"
    """So plain that no look-alike rule applies but negation (a whole sentence rather than a word)."""


class Use(StrEnum):
    """What a literal of the scan is there for."""

    PART = "part"
    NEED = "need"
    UNLESS = "unless"
    LOOKALIKE = "lookalike"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: what is looked for, the categories it tells of, and why."""

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
    """All rules, and the literals they expand to.

    `literals` has one row a use of a literal: literal, use, entry (index in `entries`, null for a look-alike), part (which
    part of the pattern), reach (characters allowed before that part). `cues` maps a role to one regular expression, the alternation of its rows.
    """

    entries: tuple[Entry, ...]
    literals: pl.DataFrame
    cues: dict[str, str]

    def anchors(self) -> list[str]:
        """The literals that the recall-first scan looks for: the first part of every entry."""
        first = self.literals.filter((pl.col("use") == Use.PART) & (pl.col("part") == 0))
        return first["literal"].unique().sort().to_list()


@cache
def load_lexicon(folder: Path = FOLDER) -> Lexicon:
    """Read and expand the lexicon; `LexiconError` names the file and line of the first thing that is wrong."""
    entries = [entry for category in CATEGORIES for entry in _read_entries(folder / f"{category}.csv", category)]
    doubled = sorted(name for name, times in Counter(entry.id for entry in entries).items() if times > 1)
    if doubled:
        raise LexiconError(f"{folder}: ids must be unique, these are used twice: {', '.join(doubled)}")
    lookalikes = [row["pattern"] for _, row in _rows(folder / "lookalikes.csv", _LOOKALIKE_COLUMNS)]
    return Lexicon(tuple(entries), _expand_all(entries, lookalikes), _read_cues(folder / "cues.csv"))


@cache
def plain_words() -> frozenset[str]:
    """Ordinary words, one a line of `plain_words.txt`: never taken for a misspelling of the lexicon's."""
    return frozenset((FOLDER / "plain_words.txt").read_text(encoding="utf-8").split())


def _rows(path: Path, columns: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of one CSV file with their line numbers, after a check of the header, the fields and the patterns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != columns:
            raise LexiconError(f"{path.name}: expected the columns {columns}, found {reader.fieldnames}")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            if None in row or None in row.values():
                raise LexiconError(f"{where}: expected {len(columns)} fields; quote a field that holds a comma")
            if "role" not in row:
                for pattern in filter(None, (row["pattern"], row.get("needs"), row.get("unless"))):
                    _check_pattern(pattern, where)
            if not row["gloss"]:
                raise LexiconError(f"{where}: the gloss is empty; say in a few words why the pattern is there")
            yield reader.line_num, row


def _check_pattern(pattern: str, where: str) -> None:
    try:
        for part, _ in split_parts(pattern):
            expand(part)
    except PatternError as error:
        raise LexiconError(f"{where}: {error}") from error


def _read_entries(path: Path, category: str) -> Iterator[Entry]:
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
            needs=row["needs"],
            unless=row["unless"],
            example=row["example"],
        )


def _read_cues(path: Path) -> dict[str, str]:
    """One regular expression a role, from the rows of the cue file."""
    roles: dict[str, list[str]] = {}
    for line, row in _rows(path, _CUE_COLUMNS):
        try:
            re.compile(row["pattern"])
        except re.error as error:
            raise LexiconError(f"{path.name}, line {line}: {row['pattern']!r} is no regular expression: {error}") from error
        roles.setdefault(row["role"], []).append(row["pattern"])
    return {role: f"(?:{'|'.join(patterns)})" for role, patterns in roles.items()}


def _expand_all(entries: list[Entry], lookalikes: list[str]) -> pl.DataFrame:
    """Every literal of every rule, one row a use."""
    uses: list[tuple[str, str, int | None, int, int]] = []
    for index, entry in enumerate(entries):
        for number, (part, reach) in enumerate(split_parts(entry.pattern)):
            uses += [(literal, Use.PART, index, number, reach) for literal in expand(part)]
        for use, pattern in ((Use.NEED, entry.needs), (Use.UNLESS, entry.unless)):
            uses += [(literal, use, index, 0, 0) for literal in (expand(pattern) if pattern else [])]
    for pattern in lookalikes:
        uses += [(literal, Use.LOOKALIKE, None, 0, 0) for literal in expand(pattern)]
    schema = {"literal": pl.String, "use": pl.String, "entry": pl.Int32, "part": pl.Int8, "reach": pl.Int64}
    return pl.DataFrame(uses, schema=schema, orient="row").unique(maintain_order=True)
