"""Record the texts that are shown in French without having a translation."""

from __future__ import annotations

import copy
import gettext

import pytest

from toolkit import i18n


class _Missing(gettext.NullTranslations):
    """The fallback of a catalogue: it gets every text that the catalogue lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()

    def gettext(self, message: str) -> str:
        self.texts.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.texts.add(msgid1)
        return super().ngettext(msgid1, msgid2, n)


def record_missing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return a set that collects every text that is translated into French from now on and has no translation."""
    missing = _Missing()
    french = copy.copy(i18n._translations("fr"))
    french.add_fallback(missing)
    monkeypatch.setattr(
        i18n, "_translations", lambda language: french if language == "fr" else gettext.NullTranslations()
    )
    return missing.texts
