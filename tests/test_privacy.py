"""Masks, and the suppression of small counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise, product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import schema
from toolkit.dataset._leak import Leak
from toolkit.errors import InputError
from toolkit.privacy._masking import mask_date, mask_lines, mask_name, mask_place, mask_text
from toolkit.privacy._small_counts import suppress_small

columns_of_counts = st.lists(st.one_of(st.none(), st.integers(0, 40), st.integers(0, 5000)), min_size=1, max_size=30)
minimums = st.integers(2, 20)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jean-Luc Martin", "J.-L. M."),
        ("élodie", "É."),
        ("de La  Tour", "D. L. T."),
        ("- ", ""),
        ("", ""),
        (None, None),
    ],
)
def test_names_become_initials(name: str | None, expected: str | None) -> None:
    """Only the initials of a name remain."""
    assert expected == mask_name(name)


def test_dates_become_years() -> None:
    """Only the year of a date remains, with four digits."""
    assert ("1980", "0987", None) == (mask_date(date(1980, 5, 17)), mask_date(date(987, 1, 1)), mask_date(None))


def test_places_become_departements() -> None:
    """Only the departement of a postal code remains; anything else becomes null."""
    assert ["35", "2A", "2B", "974", None, None] == [
        mask_place(code) for code in ("35000", "20000", "20200", "97400", "350", None)
    ]


def test_texts_become_first_letters() -> None:
    """Only the first letters of a text remain; numbers and e-mail addresses are replaced."""
    text = "RDV 12/03 Mme d'Aubrac a.b@c.example !"

    assert "R… [number] M… d… [mail]" == mask_text(text)
    assert "R… [number] M… …" == mask_text(text, 15)
    assert mask_text(None) is None


@given(st.text(max_size=200), st.integers(1, 80))
def test_masked_texts_hold_no_word_and_no_digit(text: str, length: int) -> None:
    """No masked text contains two letters in a row, or a digit."""
    masked = (mask_text(text, length) or "").replace("[number]", "").replace("[mail]", "")

    assert not any(character.isdigit() for character in masked)
    assert not any(first.isalpha() and second.isalpha() for first, second in pairwise(masked))


def test_masked_lines_hide_every_personal_value(leak: Leak) -> None:
    """No personal value of a line is unchanged, except the sex."""
    lines = leak.lines.to_polars().sort("line_id")
    masked = mask_lines(lines)

    personal = [c.name for c in schema.LINES.columns if c.personal is not schema.Personal.NONE and c.name != "sex"]
    assert lines.columns == masked.columns
    for name in personal:
        before, after = lines[name].cast(pl.String).to_list(), masked[name].to_list()
        assert [value is None for value in before] == [value is None for value in after]
        assert not any(old == new for old, new in zip(before, after, strict=True) if (old or "").strip())


def test_lines_with_an_unknown_column() -> None:
    """A column that is not in the schema is refused, since it has no masking rule."""
    with pytest.raises(InputError, match="not columns of lines and have no masking rule: password"):
        mask_lines(pl.DataFrame({"line_id": [1], "password": ["x"]}))


@given(columns_of_counts, minimums)
def test_no_suppressed_cell_can_be_computed(counts: list[int | None], minimum: int) -> None:
    """From the total and the cells shown, a value of the minimum or more cannot be excluded for any suppressed cell."""
    table = pl.DataFrame({"n": counts}, schema={"n": pl.Int64})
    shown = suppress_small(table, ["n"], minimum)["n"].to_list()

    total = sum(count or 0 for count in counts)
    hidden = [count for count, cell in zip(counts, shown, strict=True) if cell is None and count is not None]
    assert all(cell == 0 or cell >= minimum for cell in shown if cell is not None)
    if total >= minimum * 3 and hidden:
        rest = total - sum(cell or 0 for cell in shown)
        # Each of the others is at least 1, so this is the largest possible value of a cell.
        assert len(hidden) >= 2
        assert rest - (len(hidden) - 1) >= minimum


@settings(deadline=None)
@given(st.integers(2, 4).flatmap(lambda minimum: st.tuples(few_counts(minimum), st.just(minimum))))
def test_knowing_the_rule_does_not_help_either(case: tuple[list[int | None], int]) -> None:
    """Among all columns with this total and these shown cells, some have the minimum or more in each hidden cell."""
    counts, minimum = case
    shown = suppressed(counts, minimum)
    hidden = [row for row, cell in enumerate(shown) if cell is None and counts[row] is not None]
    present = [count for count in counts if count]
    if present and max(present) < minimum and sum(present) - len(present) + 1 < minimum:
        # Too few to hide one another: nothing is shown, and the total must not be known.
        assert not any(cell is not None for cell in shown)
        return

    alike = [column for column in fillings(shown, counts, hidden) if shown == suppressed(column, minimum)]

    assert counts in alike
    for row in hidden:
        assert minimum <= max(column[row] or 0 for column in alike)


def few_counts(minimum: int) -> st.SearchStrategy[list[int | None]]:
    """Columns small enough to list all the alternatives to them."""
    return st.lists(st.one_of(st.none(), st.integers(0, 2 * minimum + 1)), min_size=2, max_size=4)


def suppressed(counts: list[int | None], minimum: int) -> list[int | None]:
    """A column of counts after suppression."""
    table = pl.DataFrame({"n": counts}, schema={"n": pl.Int64})
    return suppress_small(table, ["n"], minimum)["n"].to_list()


def fillings(shown: list[int | None], counts: list[int | None], hidden: list[int]) -> Iterator[list[int | None]]:
    """Every column with the shown cells and the total of the true one."""
    rest = sum(counts[row] or 0 for row in hidden)
    for values in product(range(rest + 1), repeat=max(0, len(hidden) - 1)):
        if hidden and sum(values) <= rest:
            filled = shown.copy()
            for row, value in zip(hidden, [*values, rest - sum(values)], strict=True):
                filled[row] = value
            yield filled
    if not hidden:
        yield shown


@given(columns_of_counts, minimums)
def test_what_is_shown_is_true_and_no_more_is_hidden_than_needed(counts: list[int | None], minimum: int) -> None:
    """Shown cells are unchanged, and so is a column without small counts."""
    table = pl.DataFrame({"n": counts}, schema={"n": pl.Int64})
    shown = suppress_small(table, ["n"], minimum)["n"].to_list()

    assert all(cell is None or cell == count for cell, count in zip(shown, counts, strict=True))
    if not any(0 < (count or 0) < minimum for count in counts):
        assert counts == shown


@given(columns_of_counts, minimums)
def test_suppressing_twice_is_suppressing_once(counts: list[int | None], minimum: int) -> None:
    """Suppressing a table again changes nothing."""
    once = suppress_small(pl.DataFrame({"n": counts}, schema={"n": pl.Int64}), ["n"], minimum)

    assert once.rows() == suppress_small(once, ["n"], minimum).rows()


def test_the_smallest_count_goes_with_a_single_small_one() -> None:
    """A single small cell could be computed from the total, so the smallest other is suppressed too, with its share."""
    table = pl.DataFrame({"category": ["a", "b", "c", "d"], "n": [500, 3, 40, 0], "share": [0.5, 0.003, 0.04, 0.0]})

    assert [("a", 500, 0.5), ("b", None, None), ("c", None, None), ("d", 0, 0.0)] == suppress_small(table, ["n"]).rows()


def test_small_counts_do_not_hide_one_another_alone() -> None:
    """With two small cells, the smallest other cell and those equal to it are suppressed as well."""
    table = pl.DataFrame({"n": [9, 8, 40, 500, 40]})

    assert [None, None, None, 500, None] == suppress_small(table, ["n"])["n"].to_list()


def test_all_cells_go_when_all_together_are_few() -> None:
    """When even the total is small, zeros are suppressed too."""
    table = pl.DataFrame({"n": [3, 4, 0]})

    assert [None, None, None] == suppress_small(table, ["n"])["n"].to_list()


@pytest.mark.parametrize(
    ("columns", "minimum", "message"),
    [
        (["m"], 10, "These columns were not found: m; the table has n, name, change"),
        (["name"], 10, "Column 'name' has type String, not a type of counts"),
        (["change"], 10, "Column 'change' contains negative numbers"),
        (["n"], 0, "A minimum of 0 suppresses nothing"),
    ],
)
def test_what_cannot_be_suppressed(columns: list[str], minimum: int, message: str) -> None:
    """Missing columns, columns that are not counts and invalid minimums are named in the error."""
    table = pl.DataFrame({"n": [1], "name": ["x"], "change": [-1]})

    with pytest.raises(InputError, match=message):
        suppress_small(table, columns, minimum)
