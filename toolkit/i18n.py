"""Translation and number formats: every text a reader sees is written in the current language.

The English texts are in the code. Other languages are gettext catalogues, which any translation editor opens:
`toolkit/locale/<language>/LC_MESSAGES/toolkit.po`. `make translations` extracts the English texts and updates them. A
text without a translation is shown in English. Numbers and dates follow the Unicode CLDR, through Babel: 1,234.5 and
13.6% in English; 1 234,5 and 13,6 % in French, with narrow no-break spaces.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol

from toolkit.errors import InputError

if TYPE_CHECKING:
    from babel.messages import Catalog

__all__ = [
    "LANGUAGES",
    "N_",
    "catalogue",
    "current_language",
    "day",
    "number",
    "percent",
    "percent_sign",
    "read_catalogue",
    "separators",
    "translate",
    "translate_plural",
    "use_language",
]

LANGUAGES = ("en", "fr")
"""The languages that a report can be written in; the first is that of the code."""

_CURRENT: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


@contextmanager
def use_language(language: str) -> Iterator[None]:
    """Translate into `language` inside the block.

    Raises `InputError` for a language without a catalogue.
    """
    if language not in LANGUAGES:
        raise InputError(f"There is no language {language!r}: use one of {', '.join(LANGUAGES)}.")
    token = _CURRENT.set(language)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_language() -> str:
    """Return the code of the current language."""
    return _CURRENT.get()


def translate(text: str, /, *, context: str | None = None, **values: object) -> str:
    """Return a text in the current language, with `values` in place of the names in braces.

    `text` is the English text, which is the key of the catalogue. Format numbers with `number`, `percent` or `day`
    before passing them. `context` separates two meanings of one English word (gettext's `msgctxt`); a text without a
    translation in that context falls back to the one without context.
    """
    translated = _lookup(text, context)
    return translated.format(**values) if values else translated


def translate_plural(one: str, many: str, n: int, /, *, context: str | None = None, **values: object) -> str:
    """Return the form of a text that the count `n` asks for, in the current language.

    `one` and `many` are the English singular and plural; `{n}` in them is the formatted count.
    """
    translations = _translations(current_language())
    text = translations.npgettext(context, one, many, n) if context else translations.ngettext(one, many, n)
    return text.format(**{"n": number(n), **values})


def N_(text: str, /, *, context: str | None = None) -> str:  # noqa: ARG001, N802 (both read by the extraction)
    """Return `text` unchanged, and mark it for extraction: for constants that are translated where they are shown."""
    return text


def number(value: float, digits: int = 0) -> str:
    """Format a number with thousands separators and `digits` decimals."""
    return format_decimal(value, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale=current_language())


def percent(share: float) -> str:
    """Format a share as a percentage, with one more decimal where it is small or close to 100%."""
    if 0 < share < 0.0001:
        return translate("under {percent}", percent=_percent(0.0001, 2))
    if 0.9999 < share < 1:
        return translate("over {percent}", percent=_percent(0.9999, 2))
    return _percent(share, 0 if share in (0, 1) else 1 if 0.02 <= abs(share) < 0.999 else 2)


def percent_sign() -> str:
    """Return the percent sign with the space that the current language puts before it: none in English."""
    return "\u202f%" if current_language() == "fr" else "%"


def separators() -> str:
    """Return the decimal mark and the thousands separator as the two characters Plotly expects: ".," in English."""
    return str(get_decimal_symbol(current_language()) + get_group_symbol(current_language()))


def day(value: date) -> str:
    """Format a date with the month in words: 3 February 2026."""
    # Imported here because it reads the time zone of the machine, which takes longer than the rest of this module.
    from babel.dates import format_date

    return format_date(value, "d MMMM y", locale=current_language())


def read_catalogue(language: str) -> Catalog:
    """Read the catalogue file of a language, with every message, its context and its plural forms."""
    from babel.messages.pofile import read_po

    file = resources.files("toolkit") / "locale" / language / "LC_MESSAGES" / "toolkit.po"
    with file.open("rb") as lines:
        return read_po(lines, locale=language, ignore_obsolete=True)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the translations of a language by their English texts, without those with a context or plural forms."""
    if language == LANGUAGES[0]:
        return {}
    return {
        entry.id: str(entry.string)
        for entry in read_catalogue(language)
        if isinstance(entry.id, str) and entry.id and entry.string and not entry.context
    }


@cache
def _translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language, compiled in memory."""
    if language == LANGUAGES[0]:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _lookup(text: str, context: str | None) -> str:
    # gettext returns the header of the catalogue for an empty text.
    if not text:
        return text
    translations = _translations(current_language())
    translated = translations.pgettext(context, text) if context else text
    return translated if translated != text else translations.gettext(text)


def _percent(share: float, digits: int) -> str:
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_percent(share, format=pattern + percent_sign(), locale=current_language())
