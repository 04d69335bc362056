"""What is said to a reader, in the reader's language: sentences, numbers, shares and days.

English stands in the code; other languages are gettext catalogues, `toolkit/locale/<language>/LC_MESSAGES/toolkit.po`,
which any translator's editor opens. What a catalogue lacks is said in English. Numbers follow the Unicode CLDR, through
Babel: 1,234.5 in English, 1 234,5 with narrow no-break spaces in French.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from importlib import resources

from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol

from toolkit.errors import InputError

__all__ = [
    "LANGUAGES",
    "catalogue",
    "current_language",
    "day",
    "number",
    "percent",
    "separators",
    "translate",
    "use_language",
]

LANGUAGES = ("en", "fr")
"""The languages that a report can be written in; the first is that of the code."""

_CURRENT: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Everything said inside the block is said in `language`.

    Raises `InputError` for a language that there is no catalogue for.
    """
    if language not in LANGUAGES:
        raise InputError(f"There is no language {language!r}: use one of {', '.join(LANGUAGES)}.")
    token = _CURRENT.set(language)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_language() -> str:
    """The language that is spoken now."""
    return _CURRENT.get()


def translate(text: str, **values: object) -> str:
    """A sentence in the current language, with `values` in the place of the names in braces.

    `text` is the English sentence, by which the catalogue knows it: numbers belong into `values`, already written by
    `number`, `percent` or `day`.
    """
    translated = catalogue(current_language()).get(text, text)
    return translated.format(**values) if values else translated


def number(value: float, digits: int = 0) -> str:
    """A number with its thousands parted and `digits` after the decimal mark."""
    return format_decimal(value, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale=current_language())


def percent(share: float) -> str:
    """A share in percent, with one digit more where it is small or nearly the whole."""
    if 0 < share < 0.0001:
        return translate("under {percent}", percent=_percent(0.0001, 2))
    if 0.9999 < share < 1:
        return translate("over {percent}", percent=_percent(0.9999, 2))
    return _percent(share, 0 if share in (0, 1) else 1 if 0.02 <= abs(share) < 0.999 else 2)


def separators() -> str:
    """The decimal mark and what parts thousands, in the two characters that Plotly and D3 ask for: ".," in English."""
    return str(get_decimal_symbol(current_language()) + get_group_symbol(current_language()))


def day(value: date) -> str:
    """A day with its month in words: 3 February 2026."""
    return format_date(value, "d MMMM y", locale=current_language())


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every sentence that `language` has, by the English one."""
    if language == LANGUAGES[0]:
        return {}
    file = resources.files("toolkit") / "locale" / language / "LC_MESSAGES" / "toolkit.po"
    with file.open("rb") as lines:
        messages = read_po(lines, locale=language)
    return {str(entry.id): str(entry.string) for entry in messages if entry.id and entry.string}


def _percent(share: float, digits: int) -> str:
    # A no-break space before the sign, in English too, as the International System of Units has it.
    pattern = f"#,##0.{'0' * digits}\u202f%" if digits else "#,##0\u202f%"
    return format_percent(share, format=pattern, locale=current_language())
