"""The privacy check of a report: search every file of it for text of the leak's records.

The check looks for:

- social security numbers, telephone numbers and mail addresses, by their form: a report needs none;
- comments and addresses of the leak, letter by letter but for capitals and spaces. Those of two words, or of fewer than
  twelve letters, are allowed: a stock phrase ("rdv annulé") identifies nobody;
- a first name and a last name of one line near its birth date, in whatever form the date is written. Years and initials
  are allowed, and so masked lines are.

The leak is read once. Of each comment and address only the beginning is compared, by a hash join in the engine, with
the places of the report where a word begins; the few that begin alike are compared in full. A picture has the texts of
its SVG, which is searched; a file that is not text cannot be searched and is refused. Hidden files (".DS_Store") come
from the system, not from the report, and are allowed; a half-written file of the report is searched.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

import polars as pl
from babel.dates import get_month_names

from toolkit._io import PARTIAL
from toolkit.dataset import Leak, collect, open_leak
from toolkit.errors import ReportError
from toolkit.i18n import LANGUAGES

__all__ = ["check_privacy"]

_FORMS = {
    "a social security number": re.compile(
        r"(?<![\w.,])[1-478]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}(?!\w)"
    ),
    "a telephone number": re.compile(
        r"(?<![\w.,+/-])(?:(?:\+|00)33[\s.-]?(?:\(0\))?[1-9]|0[1-9])(?:[\s.-]?\d{2}){4}(?![\w-]|[.,]\d)"
    ),
    # Only from the beginning of a word: pages hold words of a million letters, which are packed numbers.
    "a mail address": re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
}
_QUOTED = {"administrative_comment": "a comment", "address": "a street address"}
_NAMED = "a name with its birth date"

_BEGINNING = 12
_LEAST_WORDS = 3
_NEAR = 200
"""Characters around a date within which a name belongs to it: a row of a table, a sentence."""


def check_privacy(
    folder: Path, leak_path: Path, unwritten: Mapping[str, str], *, threads: int = 2, memory_limit: str = "3GB"
) -> None:
    """Raise `ReportError` where a file of the report shows text of a record of the leak.

    `unwritten` are texts that are about to become files of the folder, by their paths in it. The error names the files
    and kinds of text and never the text. A file that is not text raises it too.
    """
    texts = dict(_texts(folder, unwritten))
    readable = {name: text for name, text in texts.items() if text is not None}
    if unreadable := ", ".join(sorted(texts.keys() - readable.keys())):
        raise ReportError(
            f"No report was written: {folder} has files that cannot be searched ({unreadable}). Remove the files that "
            f"do not belong to the report, and run again."
        )
    found: Counter[tuple[str, str]] = Counter()
    for name, text in readable.items():
        found.update({(name, kind): n for kind, form in _FORMS.items() if (n := len(form.findall(text)))})
    with open_leak(leak_path, threads=threads, memory_limit=memory_limit) as leak:
        found.update(dict(_quoted(leak, readable)))
        found.update(dict(_named(leak, readable)))
    if found:
        listed = "; ".join(f"{name}: {kind} ({times})" for (name, kind), times in sorted(found.items()))
        raise ReportError(
            f"No report was written: these files of {folder} contain text from leaked records ({listed}). "
            "Mask it in the notebook or table that shows it, and run again."
        )


def _texts(folder: Path, unwritten: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Yield the text that a reader of each file sees, by its name; None for a file that is not text."""
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
    """Return whether a file is hidden, and not a half-written one of `toolkit._io`."""
    return path.name.startswith(".") and path.suffix != PARTIAL


def _plain(content: str) -> str:
    """Return a file as one text: without the drawing library, tags opened, escapes of HTML and JSON undone.

    Attributes and scripts are text like any other; an embedded picture is searched as the file it is.
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
    """Yield the texts and the EXIF data of a PNG; nothing of a file that is no picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(BytesIO(content)) as picture:
            picture.load()
            yield from (f"{name} {value}".encode() for name, value in picture.info.items() if isinstance(value, str))
            yield from (value for value in picture.info.values() if isinstance(value, bytes))
    except (UnidentifiedImageError, OSError, SyntaxError):
        yield content


def _quoted(leak: Leak, texts: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield the files that contain a whole comment or address of the leak, with the number of such texts."""
    folded = {name: " ".join(text.lower().split()) for name, text in texts.items()}
    # With the spaces as they are and as single ones: either side may have more of them.
    begin = pl.Series("begin", sorted(_beginnings([*texts.values(), *folded.values()])), dtype=pl.String)
    begins = leak.register_table(begin.to_frame().to_arrow())
    for column, kind in _QUOTED.items():
        values = leak.lines.select(value=leak.lines[column]).filter(lambda lines: lines.value.notnull())
        beginning = values.value.lstrip().substr(0, _BEGINNING).lower()
        alike = values.mutate(begin=beginning).semi_join(begins, "begin").select("value").distinct()
        wanted = {" ".join(value.lower().split()) for value in collect(alike, "value")["value"]}
        for name, text in folded.items():
            if times := sum(len(value.split()) >= _LEAST_WORDS and _contains(value, text) for value in wanted):
                yield (name, kind), times


def _beginnings(texts: Iterable[str]) -> set[str]:
    """Return every possible beginning of a comment or an address: a few letters from each place it may begin."""
    return {
        text[place.start() : place.start() + _BEGINNING].lower()
        for text in texts
        for place in re.finditer(r"\b\w|[^\w\s]", text)
    }


def _contains(value: str, text: str) -> bool:
    """Return whether a text contains a value, not as a part of longer words."""
    return value in text and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _named(leak: Leak, texts: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], int]]:
    """Yield the files with a birth date of the leak near the first and last name of its line."""
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
    """Yield the dates in a text with their places: 1980-05-17, 17/05/1980, 17.5.1980, 17 May 1980, 17 mai 1980."""
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
    """Return the words of a text, without accents and capitals."""
    bare = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae")).lower()
    return frozenset(re.findall(r"[^\W\d_]+", "".join(sign for sign in bare if not unicodedata.combining(sign))))
