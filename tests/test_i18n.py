"""Translation: number formats, contexts and plurals, and a catalogue without missing or obsolete texts."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
import pytest

from maintenance import translations
from tests.missing_translations import record_missing
from toolkit.errors import InputError
from toolkit.i18n import (
    LANGUAGES,
    N_,
    catalogue,
    current_language,
    day,
    number,
    percent,
    percent_sign,
    read_catalogue,
    separators,
    translate,
    translate_plural,
    use_language,
)
from toolkit.notebook._tables import readable


def test_numbers_follow_the_language() -> None:
    """English has commas between thousands and no space before the percent sign; French has narrow no-break spaces."""
    english = number(1_234_567.89, 1), percent(0.01097), day(date(2026, 2, 3))
    with use_language("fr"):
        french = number(1_234_567.89, 1), percent(0.01097), day(date(2026, 2, 3))

    assert ("1,234,567.9", "1.10%", "3 February 2026") == english
    assert ("1\u202f234\u202f567,9", "1,10\u202f%", "3 février 2026") == french


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0%"),
        (0.00005, "under 0.01%"),
        (0.136, "13.6%"),
        (0.5, "50.0%"),
        (0.9995, "99.95%"),
        (0.99995, "over 99.99%"),
        (1, "100%"),
    ],
)
def test_small_and_large_shares_keep_a_significant_digit(share: float, expected: str) -> None:
    """A share above zero is never shown as 0%, and a share below one never as 100%."""
    assert expected == percent(share)


def test_percent_sign_is_that_of_percent() -> None:
    """The sign for axes and tables has the same space before it as a formatted percentage."""
    for language in LANGUAGES:
        with use_language(language):
            assert percent(0.136).endswith("6" + percent_sign())


def test_missing_translation_is_shown_in_english() -> None:
    """A text without a translation is shown in English, with its values."""
    with use_language("fr"):
        assert "7 unknown things" == translate("{n} unknown things", n=7)
        assert "1 unknown thing" == translate_plural("{n} unknown thing", "{n} unknown things", 1)


def test_values_may_have_any_name() -> None:
    """A value in braces may have the name of a parameter of the function."""
    assert "a b" == translate("{text} {n}", text="a", n="b")


def test_empty_text_stays_empty() -> None:
    """An empty text is not looked up: gettext would return the header of the catalogue."""
    with use_language("fr"):
        assert not translate("")


def test_context_separates_two_meanings() -> None:
    """The kind of comment "title" is a title of a work; elsewhere, and in an unknown context, it is a heading."""
    with use_language("fr"):
        assert "titre d’œuvre" == translate("title", context="kind of comment")
        assert ("titre", "titre") == (translate("title"), translate("title", context="unknown context"))


@pytest.mark.parametrize(("n", "english", "french"), [(0, "0 records", "0 dossier"), (1, "1 record", "1 dossier")])
def test_plural_follows_the_rule_of_the_language(n: int, english: str, french: str) -> None:
    """French has the singular for none, English the plural."""
    assert english == translate_plural("{n} record", "{n} records", n)
    with use_language("fr"):
        assert french == translate_plural("{n} record", "{n} records", n)
        assert "1\u202f000 dossiers" == translate_plural("{n} record", "{n} records", 1000)


def test_marked_text_is_unchanged() -> None:
    """Marking a text for extraction does not translate it."""
    with use_language("fr"):
        assert "lines" == N_("lines")


def test_language_ends_with_its_block() -> None:
    """After the block, and after an error in it, the previous language is back."""
    with pytest.raises(KeyError), use_language("fr"):
        raise KeyError

    assert "en" == current_language()


def test_unknown_language_is_an_error() -> None:
    """The error names the unknown language and the languages that exist."""
    with pytest.raises(InputError, match=r"'de'.*en, fr"), use_language("de"):
        pass


def test_missing_texts_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The helper of the other tests sees a text without a translation, and none that has one."""
    missing = record_missing(monkeypatch)
    with use_language("fr"):
        for text in ("lines", "unknown words"):
            translate(text)
        translate("title", context="unknown context")

    assert {"unknown words"} == missing


# --- The catalogue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_catalogue_is_complete(language: str) -> None:
    """Every extracted text is translated, in all its plural forms (`make translations` lists and adds them)."""
    assert [] == translations.missing(translations.updated(language))


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_catalogue_has_no_obsolete_text(language: str) -> None:
    """Every text of the catalogue is in use (`make translations` removes the others)."""
    assert [] == translations.obsolete(translations.updated(language))


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_catalogue_file_is_as_the_update_writes_it(language: str) -> None:
    """The file is sorted, without line numbers; running `make translations` changes nothing."""
    file = translations.PACKAGE / "locale" / language / "LC_MESSAGES" / "toolkit.po"

    assert translations.written(translations.updated(language), language) == file.read_text(encoding="utf-8")


def test_extraction_reads_code_and_templates() -> None:
    """Texts come from calls with contexts and plurals, from strings over two lines, and from Jinja templates."""
    template = translations.extracted()

    assert template.get("title", "kind of comment")
    assert ("{n} record", "{n} records") == template.get("{n} record").id
    assert template.get("Skip to what was found") or template.get("Files")
    assert template.get(
        "{departement} has the most records per 1,000 inhabitants: {most}, against {country} in all departements "
        "with enough to show"
    )


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_translation_keeps_every_value(language: str) -> None:
    """A translation names the same values in braces as the English text."""
    names = re.compile(r"\{(\w+)")

    wrong = {
        english
        for english, translated in catalogue(language).items()
        if set(names.findall(english)) != set(names.findall(translated))
    }

    assert set() == wrong
    assert catalogue(language)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_translations_are_typeset(language: str) -> None:
    """No sign of punctuation may begin a line in French, apostrophes are typographic."""
    loose = re.compile(r" [:;!?%»]|« |\w'\w")
    texts = [
        text
        for entry in read_catalogue(language)
        if entry.id
        for text in ([entry.string] if isinstance(entry.string, str) else entry.string)
    ]

    assert [] == [text for text in texts if loose.search(text)]


def test_separators_are_those_of_the_numbers() -> None:
    """The two characters for Plotly are the decimal mark and the thousands separator that `number` writes."""
    for language in LANGUAGES:
        with use_language(language):
            marks = separators()

            assert f"1{marks[1]}234{marks[0]}5" == number(1234.5, 1)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("1,234,567", "1.13%", "1,234.6", ">lines<")),
        ("fr", ("1\u202f234\u202f567", "1,13\u202f%", "1\u202f234,6", ">lignes<", "sans objet")),
    ],
)
def test_tables_follow_the_language(language: str, expected: tuple[str, ...]) -> None:
    """Headings, thousands, decimals and percent signs of a table are in the language in which it was made."""
    table = pl.DataFrame({"lines": [1234567], "share": [0.0113], "lines_per_person": [1234.56]})
    with use_language(language):
        shown = readable(table, "lines", "no share")

    html = shown.as_raw_html()
    assert [] == [text for text in expected if text not in html]
