"""Typing errors: each is marked where it changes its own columns, and nowhere else."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.synth.conftest import Made, Make, with_errors
from toolkit.scenario import load_scenario
from toolkit.schema import LINES
from toolkit.synth._error_model import CATALOGUE
from toolkit.synth._spelling import join_particles, keyboard, mojibake, phonetic, stray_spaces
from toolkit.synth.streams import stream

ROWS = 4_000
NAMES = {"last_name", "birth_name", "first_name"}
COLUMNS = {
    "keyboard_misspelling": NAMES,
    "phonetic_misspelling": NAMES,
    "lost_accents": NAMES,
    "lost_hyphen_or_particle": NAMES,
    "compound_first_name_cut": {"first_name"},
    "use_name_for_birth_name": {"birth_name"},
    "before_marriage": {"last_name"},
    "former_husband_name": {"last_name"},
    "other_spelling": NAMES,
    "wrong_sex": {"sex"},
    "placeholder_phone": {"mobile_phone"},
    "names_swapped": {"last_name", "first_name"},
    "day_month_swapped": {"birth_date"},
    "date_digit_wrong": {"birth_date"},
    "placeholder_birth_date": {"birth_date"},
    "nir_missing": {"nir"},
    "nir_digit_wrong": {"nir"},
    "relative_nir": {"nir"},
    "old_address": {"address", "postal_code", "city"},
    "old_phone": {"mobile_phone"},
    "missing_sex": {"sex"},
    "missing_birth_date": {"birth_date"},
    "missing_address": {"address", "postal_code", "city"},
    "missing_contact": {"mobile_phone", "email"},
    "capitals": NAMES | {"address"},
    "mojibake": NAMES | {"address"},
    "stray_spaces": NAMES,
}


@pytest.fixture(scope="module")
def clean(make: Make) -> Made:
    """A leak typed without an error."""
    return make(rows=ROWS, scenario=with_errors(load_scenario()))


def test_a_leak_without_errors_has_no_marks(clean: Made) -> None:
    """With every rate at zero no line is marked."""
    assert clean.truth["errors"].list.len().sum() == 0


def test_every_error_of_the_catalogue_is_tested() -> None:
    """The table `COLUMNS` covers every error."""
    assert set(CATALOGUE) == set(COLUMNS)


@pytest.mark.parametrize("error", CATALOGUE)
def test_an_error_marks_the_lines_it_changed_and_no_others(make: Make, clean: Made, error: str) -> None:
    """An error tried on every record is marked exactly where one of its columns differs from the clean leak."""
    typed = make(rows=ROWS, scenario=with_errors(load_scenario(), **{error: 1.0}))
    one, other = clean.lines, typed.lines
    changed = {name: (one[name].ne_missing(other[name])) for name in LINES.names}
    marked = typed.truth["errors"].list.len() > 0

    assert {name for name, where in changed.items() if where.any()} <= COLUMNS[error]
    somewhere = pl.DataFrame(changed).select(pl.any_horizontal(pl.all())).to_series()
    assert marked.any()
    assert somewhere.to_list() == marked.to_list()
    assert set(typed.truth["errors"].explode().drop_nulls()) == {error}


def test_rates_are_met(make: Make) -> None:
    """An error tried on a tenth of the records is marked on about a tenth, more often at a further practice."""
    scenario = with_errors(load_scenario(), old_address=0.1).model_copy(
        update={"errors_elsewhere": {"old_address": 3.0}}
    )
    made = make(rows=ROWS, scenario=scenario)
    files = made.lines.join(made.truth, on=["line_id", "record_id"]).unique("record_id").filter(~pl.col("sentinel"))
    first = files.sort("line_id")["person_id"].is_first_distinct()
    share = (files["errors"].list.len() > 0).mean()

    assert 0.1 < share < 0.2
    assert first.sum() == made.generated.manifest["counts"]["people"]


def test_several_errors_may_meet_on_one_line(make: Make) -> None:
    """Two errors tried everywhere leave both marks where both changed something."""
    made = make(rows=ROWS, scenario=with_errors(load_scenario(), capitals=1.0, nir_missing=1.0))

    assert {"capitals", "nir_missing"} == set(made.truth["errors"].explode())
    assert made.lines["nir"].null_count() == ROWS


def test_a_borrowed_nir_is_a_parent_s(make: Make, clean: Made) -> None:
    """A minor's record with a relative's number has that of an adult of the same household."""
    made = make(rows=ROWS, scenario=with_errors(load_scenario(), relative_nir=1.0))
    lines = made.lines.join(made.truth.select("line_id", "errors"), on="line_id")
    borrowed = lines.filter(pl.col("errors").list.len() > 0)
    holders = clean.lines.select("nir", holder_born="birth_date").drop_nulls().unique("nir")
    pairs = borrowed.join(holders, on="nir")

    assert len(pairs) > 50
    assert (pairs["birth_date"].dt.year() - pairs["holder_born"].dt.year()).min() >= 15


def test_mistyped_names_of_the_catalogue_by_hand() -> None:
    """Each misspelling function gives the expected results on a few names."""
    words = stream(1, "by hand")(np.arange(400))
    many = pl.Series(["Lefebvre"] * 400)

    assert ["Jean Pierre", "Legoff", "Dalmeida", "Martin"] == join_particles(
        pl.Series(["Jean-Pierre", "Le Goff", "D'Almeida", "Martin"])
    ).to_list()
    assert ["ChloÃ©", "FranÃ§ois", "Martin"] == mojibake(pl.Series(["Chloé", "François", "Martin"])).to_list()
    typed = keyboard(many, words)
    assert typed.str.starts_with("L").all()
    assert typed.str.len_chars().is_in([7, 8, 9]).all()
    assert {" Lefebvre", "Lefebvre "} == set(stray_spaces(many, words))
    assert {"Li", "Ly"} >= set(phonetic(pl.Series(["Li"] * 400), words))
    assert {"Stefan", "Stephann", "Stephen"} & set(phonetic(pl.Series(["Stephan"] * 400), words))
