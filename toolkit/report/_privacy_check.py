"""The proof that a report shows nobody: every file of it is searched for text of the leak's records.

What is searched for, and what passes:

- social security numbers, telephone numbers and mail addresses, by their form: a report has no use for any;
- comments and addresses of the leak, letter for letter but for capitals and spaces. Those of two words, or of fewer
  than twelve letters, pass: a stock phrase ("rdv annulé") points at nobody;
- a first name and a last name of one line near its birth date, in whatever form the date is written. Years and
  initials pass: so masked lines do.

The leak is read once. Of each comment and address only the beginning is compared, by a hash join in the engine, with
the places of the report where a word begins; the few that begin alike are compared in full. A picture holds the words
of its SVG, which is searched; what is no text cannot be, and is refused. Hidden files (".DS_Store") are what a system
leaves, not what the report wrote, and pass; what a report left half written is searched.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
from babel.dates import get_month_names

from toolkit._io import PARTIAL
from toolkit.dataset import Leak, collect, open_leak
from toolkit.errors import ReportError
from toolkit.i18n import LANGUAGES

__all__ = ["scan_report"]

_FORMS = {
    "a social security number": re.compile(
        r"(?<![\w.,])[1-478]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}(?!\w)"
    ),
    "a telephone number": re.compile(
        r"(?<![\w.,+/-])(?:(?:\+|00)33[\s.-]?(?:\(0\))?[1-9]|0[1-9])(?:[\s.-]?\d{2}){4}(?![\w-]|[.,]\d)"
    ),
    # From the beginning of a word alone: pages hold words of a million letters, which are packed numbers.
    "a mail address": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
}
_QUOTED = {"administrative_comment": "a comment", "address": "a street address"}
_NAMED = "a name with its birth date"

_BEGINNING = 12
_LEAST_WORDS = 3
_NEAR = 200
"""Characters around a date in which a name stands with it: a row of a table, a sentence."""


def scan_report(
    folder: Path, leak_path: Path, unwritten: Mapping[str, str], *, threads: int = 2, memory_limit: str = "3GB"
) -> None:
    """Does any file of the report show text of a record of the leak? Then there is no report.

    `unwritten` are texts that are about to become files of the folder, by their paths in it.
    Raises `ReportError`, which names the files and kinds of text and never the text, and for a file that is no text.
    """
    texts = dict(_texts(folder, unwritten))
    readable = {name: text for name, text in texts.items() if text is not None}
    if unreadable := ", ".join(sorted(texts.keys() - readable.keys())):
        raise ReportError(
            f"The report in {folder} has no page ({unreadable}: content that cannot be searched): "
            "remove from there what is none of the report's, and run again."
        )
    found: Counter[tuple[str, str]] = Counter()
    for name, text in readable.items():
        found.update({(name, kind): n for kind, form in _FORMS.items() if (n := len(form.findall(text)))})
    with open_leak(leak_path, threads=threads, memory_limit=memory_limit) as leak:
        found.update(dict(_quoted(leak, readable)))
        found.update(dict(_named(leak, readable)))
    if found:
        told = "; ".join(f"{name}: {kind} ({times})" for (name, kind), times in sorted(found.items()))
        raise ReportError(
            f"The report in {folder} would show text of the leak's records, so it has no page ({told}): "
            "mask it in the notebook or table that shows it, and run again."
        )


def _texts(folder: Path, unwritten: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """What each file says to a reader of it, by its name; none for one that is no text."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in unwritten and not _is_left_by_a_system(path):
            content = path.read_bytes()
            if path.suffix == ".png":
                content = b" ".join(_png_texts(content))
            try:
                yield name, _plain(content.decode("utf-8"))
            except UnicodeDecodeError:
                yield name, None
    for name, text in unwritten.items():
        yield name, _plain(text)


def _is_left_by_a_system(path: Path) -> bool:
    """Whether a file is hidden, and none that `toolkit._io` had not yet renamed."""
    return path.name.startswith(".") and path.suffix != PARTIAL


def _plain(content: str) -> str:
    """A file as one text: without the library that draws, tags opened, escapes of HTML and JSON undone.

    What stands in attributes and scripts is text like any other; an embedded picture is searched as the file it is.
    """
    content = content.replace(_library(), " ")
    content = re.sub(r"base64,[A-Za-z0-9+/=]+", " ", content)
    content = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), content)
    content = re.sub(r"\\[nrt]", " ", content).replace('\\"', '"')
    return html.unescape(re.sub(r"[<>]", " ", content))


@cache
def _library() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def _png_texts(content: bytes) -> Iterator[bytes]:
    """What is written in a PNG beside its picture (PNG specification, section 11.3.3)."""
    place = 8
    while place + 8 <= len(content):
        length, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        if kind in (b"tEXt", b"iTXt", b"zTXt", b"eXIf"):
            yield content[place + 8 : place + 8 + length]
        place += 12 + length


def _quoted(leak: Leak, texts: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], int]]:
    """Comments and addresses of the leak that stand in a file in full."""
    folded = {name: " ".join(text.lower().split()) for name, text in texts.items()}
    # With the spaces as they are and as single ones: either side may have more of them.
    begin = pl.Series("begin", sorted(_beginnings([*texts.values(), *folded.values()])), dtype=pl.String)
    begins = leak.lend(begin.to_frame().to_arrow())
    for column, kind in _QUOTED.items():
        values = leak.lines.select(value=leak.lines[column]).filter(lambda lines: lines.value.notnull())
        beginning = values.value.lstrip().substr(0, _BEGINNING).lower()
        alike = values.mutate(begin=beginning).semi_join(begins, "begin").select("value").distinct()
        wanted = {" ".join(value.lower().split()) for value in collect(alike, "value")["value"]}
        for name, text in folded.items():
            if times := sum(len(value.split()) >= _LEAST_WORDS and _stands_in(value, text) for value in wanted):
                yield (name, kind), times


def _beginnings(texts: Iterable[str]) -> set[str]:
    """What may be the beginning of a comment or an address: so many letters from every place where one may begin."""
    return {
        text[place.start() : place.start() + _BEGINNING].lower()
        for text in texts
        for place in re.finditer(r"\b\w|[^\w\s]", text)
    }


def _stands_in(value: str, text: str) -> bool:
    """Whether a value stands in a text, and not as a part of longer words."""
    return value in text and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _named(leak: Leak, texts: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], int]]:
    """Birth dates of the leak with the first and the last name of their line beside them."""
    places = [(name, day, at) for name, text in texts.items() for day, at in _dates(text)]
    days = sorted({day for _, day, _ in places})
    if not days:
        return
    names = ("first_name", "last_name", "birth_name")
    born = leak.lines.filter(leak.lines.birth_date.isin(days)).select("birth_date", *names).distinct()
    people: dict[date, list[tuple[frozenset[str], frozenset[str]]]] = defaultdict(list)
    for row in collect(born, ["birth_date", *names]).iter_rows(named=True):
        first, *lasts = (_words(row[name] or "") for name in names)
        people[row["birth_date"]] += [(first, last) for last in lasts if first and last]
    found: Counter[tuple[str, str]] = Counter()
    for name, day, at in places:
        near = _words(texts[name][max(0, at - _NEAR) : at + _NEAR])
        found[name, _NAMED] += any(first <= near and last <= near for first, last in people[day])
    yield from ((where, times) for where, times in found.items() if times)


def _dates(text: str) -> Iterator[tuple[date, int]]:
    """The days that a text names, and where: 1980-05-17, 17/05/1980, 17.5.1980, 17 May 1980, 17 mai 1980."""
    for order, form in (("ymd", _ISO), ("dmy", _FIGURES), ("dmy", _WORDS)):
        for match in form.finditer(text):
            parts = dict(zip(order, match.groups(), strict=True))
            month = _months().get(parts["m"].lower().rstrip(".")) or int(parts["m"])
            try:
                yield date(int(parts["y"]), month, int(parts["d"])), match.start()
            except ValueError:
                continue


@cache
def _months() -> dict[str, int]:
    return {
        name.lower().rstrip("."): month
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for month, name in get_month_names(width, locale=language).items()
    }


_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_FIGURES = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?!\d)")
_NAMES = "|".join(sorted(map(re.escape, _months()), reverse=True))
_WORDS = re.compile(rf"(?<!\d)(\d{{1,2}})(?:er|st|nd|rd|th)? ({_NAMES})\.? (\d{{4}})(?!\d)", re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    """The words of a text, without accents and capitals."""
    bare = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae")).lower()
    return frozenset(re.findall(r"[^\W\d_]+", "".join(sign for sign in bare if not unicodedata.combining(sign))))
