"""Exposure of the figures found: counted against the lines, suppressed, masked, and shown by name for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from toolkit.analysis import public_figures
from toolkit.analysis.comments import classify
from toolkit.analysis.public_figures import Matches, shuffle_dates, shuffle_names
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import InputError
from toolkit.privacy._access_log import LOG, read_disclosures

REASON = "The desk checks the strongest leads with a second source."


@pytest.fixture(scope="module")
def small(small_leak: Path) -> Iterator[Leak]:
    """The synthetic leak of 20,000 lines, open."""
    with open_leak(small_leak, threads=2) as opened:
        yield opened


@pytest.fixture(scope="module")
def found(small: Leak) -> Matches:
    """The matches of the leak with its own register."""
    return public_figures.match(small)


def test_exposure_counts_figures_by_what_their_lines_hold(small: Leak, found: Matches) -> None:
    """Each count equals that of the confirmed figures with a line that has the column, counted line by line."""
    lines = pl.DataFrame(small.lines.to_polars())
    hits = public_figures.confirmed(found).join(found.register.select("figure_id", "role_category"), on="figure_id")
    own = hits.select("figure_id", "role_category", "record_id", hit="practice_id").join(lines, on="record_id")
    texts = own["administrative_comment"]
    held = {
        "address": own["address"].is_not_null(),
        "phone": own["mobile_phone"].is_not_null() | own["landline_phone"].is_not_null(),
        "email": own["email"].is_not_null(),
        "nir": own["nir"].is_not_null(),
        "comment": texts.is_not_null(),
        "sensitive_comment": classify(texts)["sensitive"],
    }

    table = public_figures.exposure(small, found, minimum=1)

    by_role = {row["role_category"]: row for row in table.iter_rows(named=True)}
    assert own["figure_id"].n_unique() == by_role["all"]["figures"] > 30
    for name, flags in held.items():
        counted = own.filter(flags).group_by("role_category").agg(pl.col("figure_id").n_unique())
        assert own.filter(flags)["figure_id"].n_unique() == by_role["all"][name]
        assert all(count == by_role[role][name] for role, count in counted.rows())
    several = own.group_by("figure_id").agg(n=pl.col("hit").n_unique()).filter(pl.col("n") > 1).height
    assert several == by_role["all"]["several_practices"]


def test_small_counts_are_not_shown(small: Leak, found: Matches) -> None:
    """The table has no count from 1 to 9, and a single hidden count cannot be computed from the total."""
    shown, raw = public_figures.exposure(small, found), public_figures.exposure(small, found, minimum=1)

    counts = [name for name in shown.columns if name != "role_category"]
    assert 0 < raw.select(pl.col(counts).is_between(1, 9).sum()).sum_horizontal().item()
    for name in counts:
        *parts, total = shown[name].to_list()
        assert not any(count is not None and 0 < count < 10 for count in (*parts, total))
        gone = sum(count is None for count in parts)
        assert gone != 1 or total is None
        # Where all cells are too small and hidden, the total would reveal too much.
        assert total in (None, 0) or gone < len(parts) or max(raw[name].head(-1)) >= 10


def test_the_list_is_masked(found: Matches) -> None:
    """The list has one row per confirmed hit, with initials and without a name of the register."""
    listed = public_figures.masked(found)

    text = listed.write_csv()
    names = pl.concat([found.register["last_name"], found.register["first_name"]]).unique()
    assert public_figures.confirmed(found).height == listed.height
    assert listed["figure"].str.contains(r"^([A-ZÀ-Ý]\.[- ]?)+$").all()
    assert [] == [name for name in names if len(name) > 2 and name in text]


def test_confirmed_hits_are_sure_and_dated(found: Matches) -> None:
    """Confirmed hits agree in name and birth date, with a risk of at most 5 %."""
    hits = public_figures.confirmed(found)

    assert 0.05 >= hits["p_wrong_person"].max()
    assert {"name_birth_date", "name_birth_date_place"} == set(hits["tier"])


def test_names_are_revealed_for_a_reason_that_is_logged(leak: Leak, nine_lines: Path) -> None:
    """Names are shown for a reason; the log has the number of rows and the reason, and no name."""
    matches = public_figures.match(leak)
    log = nine_lines / LOG
    try:
        named = public_figures.reveal(leak, matches, reason=REASON)

        assert [("Zoé", "Lefevre", 10), ("Zoé", "Lefevre", 20)] == named.select(
            "first_name", "last_name", "record_id"
        ).rows()
        assert [(2, REASON)] == read_disclosures(nine_lines).select("rows", "why").rows()
        assert "Lefevre" not in log.read_text(encoding="utf-8")
    finally:
        log.unlink(missing_ok=True)


def test_without_a_reason_no_name_is_revealed(leak: Leak, nine_lines: Path) -> None:
    """Without a reason there are no names and no log."""
    with pytest.raises(InputError, match="is too short"):
        public_figures.reveal(leak, public_figures.match(leak), reason="")

    assert not (nine_lines / LOG).exists()


# --- Placebo registers --------------------------------------------------------------------------------------------


def test_shuffled_dates_are_those_of_others_of_the_same_sex(found: Matches) -> None:
    """No figure keeps its birth date, each sex keeps its dates, and figures without a date stay without one."""
    register, shuffled = found.register, shuffle_dates(found.register)

    assert register.drop("birth_date").equals(shuffled.drop("birth_date"))
    assert not (register["birth_date"] == shuffled["birth_date"]).any()
    assert register["birth_date"].is_null().equals(shuffled["birth_date"].is_null())
    for sex in ("M", "F"):
        dates = [table.filter(pl.col("sex") == sex)["birth_date"].sort() for table in (register, shuffled)]
        assert dates[0].equals(dates[1])


def test_shuffled_names_are_those_of_others_of_the_same_sex(found: Matches) -> None:
    """Less than 2 % of the figures keep their first name, and each name stays with its sex."""
    register, shuffled = found.register, shuffle_names(found.register)

    assert register.drop("first_name").equals(shuffled.drop("first_name"))
    assert 0.02 * register.height > (register["first_name"] == shuffled["first_name"]).sum()
    of_men = set(register.filter(pl.col("sex") == "M")["first_name"])
    assert set(shuffled.filter(pl.col("sex") == "M")["first_name"]) <= of_men


def test_the_only_figure_of_a_sex_loses_its_date() -> None:
    """The only woman of a register gets no other date, and does not keep her own."""
    from toolkit.analysis.public_figures import to_register

    table = {"nom": ["A", "B", "C"], "prénom": ["D", "E", "F"], "sexe": ["F", "M", "M"]}
    register = to_register(pl.DataFrame(table | {"dob": ["1960-01-01", "1961-01-01", "1962-01-01"]}))

    assert [None, "1962-01-01", "1961-01-01"] == shuffle_dates(register, 1)["birth_date"].cast(pl.String).to_list()


def test_a_step_of_zero_is_refused(found: Matches) -> None:
    """A step of 0 would give figures their own values, which is no placebo."""
    with pytest.raises(InputError, match="A step of 0"):
        shuffle_dates(found.register, 0)


def test_no_hit_is_confirmed_with_recombined_names(small: Leak, found: Matches) -> None:
    """With recombined names all hits are namesakes: as many as expected, and none is confirmed."""
    matches = public_figures.match(small, shuffle_names(found.register), found.frequencies)

    row = matches.tiers.row(0, named=True)
    assert 0 == public_figures.confirmed(matches).height
    assert row["low"] <= row["hits"] <= row["high"]
