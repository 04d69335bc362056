"""The notice that goes with a data set: what is confidential, who may hold it, and until when."""

from __future__ import annotations

from datetime import date

from toolkit.i18n import day, translate

__all__ = ["SYNTHETIC", "notice"]

SYNTHETIC = "synthetic"
"""The origin of a data set that was generated."""


def notice(origin: object, delete_by: object = None) -> str:
    """Return the notice for a data set in the current language: a few sentences on what may be done with it.

    `origin` and `delete_by` are those of the manifest. Any origin but "synthetic" is treated as data of real people.
    `delete_by` is the day by which all copies must be deleted; text that is not an ISO date is shown as it is.
    """
    if origin == SYNTHETIC:
        return translate(
            "This data set is synthetic: every person, practice and comment was generated, and none is real."
        )
    return " ".join(
        (
            translate(
                "This data set holds personal data of real people. Everything in it is confidential: names, contact "
                "details, numbers, dates and comments."
            ),
            translate(
                "Only members of the investigation team may hold a copy. Do not show lines, or files made from them, "
                "to anyone outside the team."
            ),
            _deletion(delete_by),
        )
    )


def _deletion(delete_by: object) -> str:
    if not delete_by:
        return translate("No deletion date is set: agree on one, and delete every copy by then.")
    try:
        shown = day(date.fromisoformat(str(delete_by)))
    except ValueError:
        shown = str(delete_by)
    return translate("Delete every copy by {day}.", day=shown)
