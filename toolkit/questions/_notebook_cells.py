"""Where each number was made: the notebook and the cell that show it, so that the page can link to them."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CELLS", "LEDGER", "VERDICTS", "Cell", "address"]


class Cell(NamedTuple):
    """A cell of a notebook: the notebook's name without its ending, and the id that is stored in it."""

    notebook: str
    id: str


_COUNTS, _COMMENTS, _FIGURES = "01_counts", "02_comments", "03_public_figures"
_DUPLICATES, _CLAIMS = "04_duplicates", "05_claims"

_OVERVIEW = Cell(_COUNTS, "01-05")
_HITS, _ESTIMATE, _QUALITY = Cell(_COMMENTS, "02-06"), Cell(_COMMENTS, "02-20"), Cell(_COMMENTS, "02-21")
_TIERS, _EXPOSURE = Cell(_FIGURES, "03-07"), Cell(_FIGURES, "03-16")
_PEOPLE, _KEYS, _SEVERAL = Cell(_DUPLICATES, "04-07"), Cell(_DUPLICATES, "04-13"), Cell(_DUPLICATES, "04-21")

LEDGER, VERDICTS = Cell(_CLAIMS, "05-16"), Cell(_CLAIMS, "05-18")
"""Where the claims are set beside the leak, and where their verdicts are counted."""

CELLS = {
    **dict.fromkeys(("lines", "records", "repeated_lines", "practices", "practitioners"), _OVERVIEW),
    **dict.fromkeys(
        ("people_by_nir", "people_by_birth_identity", "people_by_names_birth_date", "people_by_use_name"), _OVERVIEW
    ),
    **dict.fromkeys(
        (
            "commented_lines",
            "distinct_texts",
            "flagged_lines",
            "strict_lines",
            "flagged_comments",
            "strict_comments",
            "flagged_texts",
            "strict_texts",
            "flagged_records",
            "strict_records",
        ),
        _HITS,
    ),
    **dict.fromkeys(
        (
            "sensitive_share_of_lines",
            "sensitive_lines",
            "sensitive_comments",
            "sensitive_records",
            "sensitive_people",
        ),
        _ESTIMATE,
    ),
    **dict.fromkeys(("scan_precision", "scan_recall", "scan_elusion"), _QUALITY),
    "scan_missed_at_most": Cell(_COMMENTS, "02-22"),
    **dict.fromkeys(
        (
            f"{what}_by_{tier}"
            for what in ("figures", "chance_hits")
            for tier in ("name", "name_birth_year", "name_birth_date", "name_birth_date_place")
        ),
        _TIERS,
    ),
    **dict.fromkeys(
        (
            "confirmed_figures",
            *(
                f"confirmed_figures_with_{what}"
                for what in (
                    "address",
                    "phone",
                    "email",
                    "nir",
                    "comment",
                    "sensitive_comment",
                    "several_practices",
                )
            ),
        ),
        _EXPOSURE,
    ),
    "people": _PEOPLE,
    "entries_of_nobody": Cell(_DUPLICATES, "04-10"),
    **dict.fromkeys(("people_floor", "people_ceiling"), _KEYS),
    **dict.fromkeys(
        (
            "people_at_several_practices",
            "people_at_several_practices_by_nir",
            "people_at_several_practices_by_birth_identity",
        ),
        _SEVERAL,
    ),
}
"""The cell of each result, by its id: the one whose output, or the finding just after it, shows the number."""


def address(cell: Cell) -> str:
    """The link to a cell from the report's page; notebook pages bear the ids of their cells."""
    return f"notebooks/{cell.notebook}.html#cell-id={cell.id}"
