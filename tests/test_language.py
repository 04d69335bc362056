"""Languages: numbers as their readers write them, sentences from the catalogue, and nothing left open in it."""

from __future__ import annotations

import re
from datetime import date

import polars as pl
import pytest

from toolkit.errors import InputError
from toolkit.i18n import (
    LANGUAGES,
    catalogue,
    current_language,
    day,
    number,
    percent,
    separators,
    translate,
    use_language,
)
from toolkit.notebook._tables import readable


def test_numbers_are_written_as_their_readers_do() -> None:
    """Thousands are parted by commas in English and by narrow no-break spaces in French, decimals the other way."""
    english = number(1_234_567.89, 1), percent(0.01097), day(date(2026, 2, 3))
    with use_language("fr"):
        french = number(1_234_567.89, 1), percent(0.01097), day(date(2026, 2, 3))

    assert ("1,234,567.9", "1.10\u202f%", "3 February 2026") == english
    assert ("1\u202f234\u202f567,9", "1,10\u202f%", "3 février 2026") == french


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0 %"),
        (0.00005, "under 0.01 %"),
        (0.5, "50.0 %"),
        (0.9995, "99.95 %"),
        (0.99995, "over 99.99 %"),
        (1, "100 %"),
    ],
)
def test_small_and_large_shares_keep_a_digit_that_tells(share: float, expected: str) -> None:
    """No share that is something is shown as nothing, and none that is less than the whole as the whole."""
    assert expected == percent(share).replace("\u202f", " ")


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    """A sentence nobody has translated is shown as it is, with its values."""
    with use_language("fr"):
        assert "7 unheard-of things" == translate("{n} unheard-of things", n=7)


def test_the_language_ends_with_its_block() -> None:
    """After the block, and after an error in it, the language is what it was."""
    with pytest.raises(KeyError), use_language("fr"):
        raise KeyError

    assert "en" == current_language()


def test_unknown_language_is_named() -> None:
    """A language without a catalogue is refused with those that there are."""
    with pytest.raises(InputError, match=r"'de'.*en, fr"), use_language("de"):
        pass


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_catalogue_keeps_every_value_of_its_sentences(language: str) -> None:
    """A translation names the same values as the English sentence: none is lost, none is unknown."""
    names = re.compile(r"\{(\w+)")

    wrong = {
        english
        for english, told in catalogue(language).items()
        if set(names.findall(english)) != set(names.findall(told))
    }

    assert set() == wrong
    assert catalogue(language)


def test_separators_are_those_of_the_numbers() -> None:
    """The two characters given to Plotly are the decimal mark and the thousands separator that `number` writes."""
    for language in LANGUAGES:
        with use_language(language):
            marks = separators()

            assert f"1{marks[1]}234{marks[0]}5" == number(1234.5, 1)


def test_tables_follow_the_language() -> None:
    """Headings, thousands, decimals and percent signs of a table are those of its reader, also when shown later."""
    table = pl.DataFrame({"lines": [1234567], "share": [0.0113], "lines_per_person": [1234.56]})
    with use_language("fr"):
        shown = readable(table, "lines", "no share")

    html = shown.as_raw_html()
    assert all(
        text in html for text in ("1\u202f234\u202f567", "1,13\u202f%", "1\u202f234,6", ">lignes<", "sans objet")
    )


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_catalogue_is_in_order_and_typeset(language: str) -> None:
    """Sentences stand in the order of the English ones, and no sign of punctuation may begin a line in French."""
    told = catalogue(language)

    assert sorted(told) == list(told)
    loose = re.compile(r" [:;!?%»]|« ")
    assert [] == [text for text in told.values() if loose.search(text)]
