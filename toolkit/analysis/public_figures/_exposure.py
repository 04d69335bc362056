"""What the leak exposes of the figures found: counts by kind of role, a masked list, and names on request."""

from __future__ import annotations

import polars as pl

from toolkit.analysis.comments import classify
from toolkit.analysis.public_figures._matching import Matches
from toolkit.dataset import Leak, collect
from toolkit.dataset.cache import cached
from toolkit.privacy import disclose, mask_name, suppress_small

__all__ = ["EXPOSED", "confirmed", "exposure", "masked", "reveal"]

EXPOSED = ("address", "phone", "email", "nir", "comment", "sensitive_comment")
"""What may be exposed of a figure, by at least one of its records."""

# The columns of the lines that each count is made from; one of them is enough.
_COLUMNS = {
    "address": ("address",),
    "phone": ("mobile_phone", "landline_phone"),
    "email": ("email",),
    "nir": ("nir",),
    "comment": ("administrative_comment",),
    "sensitive_comment": ("administrative_comment",),
    "several_practices": ("practice_id",),
}
_MAX_P_WRONG = 0.05
_DATED_RANK = 2
_ALL_ROLES = "all"


def confirmed(matches: Matches) -> pl.DataFrame:
    """Return the hits whose name and birth date agree and whose P(wrong person) is at most 5%.

    The columns are those of `Matches.hits`. These hits are still leads: before publishing a name, confirm it with an
    independent source, ask the person for comment, and check that the public interest justifies it.
    """
    return matches.hits.filter(pl.col("rank") >= _DATED_RANK, pl.col("p_wrong_person") <= _MAX_P_WRONG)


@cached
def exposure(leak: Leak, matches: Matches, minimum: int = 10) -> pl.DataFrame:
    """Count the confirmed figures by what the leak exposes of them and by kind of role.

    One row per role category, and a last one called "all": `role_category`, `figures` (confirmed), one column
    for each of `EXPOSED` and `several_practices` (figures with records at two or more practices), all in figures.
    Counts below `minimum` are null, and so are those from which they could be computed. A column is null throughout
    where no line of the leak has the data that it counts.
    """
    hits = confirmed(matches)
    flags = _flags(leak, hits)
    roles = matches.register.select("figure_id", "role_category")
    figures = (
        hits.join(flags, on="record_id")
        .group_by("figure_id")
        .agg(pl.col(EXPOSED).any(), several_practices=pl.col("practice_id").drop_nulls().n_unique() > 1)
        .join(roles, on="figure_id")
    )
    counted = ["figures", *EXPOSED, "several_practices"]
    figures = figures.with_columns(figures=pl.lit(value=True))
    by_role = figures.group_by("role_category").agg(pl.col(counted).sum().cast(pl.Int64)).sort("role_category")
    all_roles = by_role.select(pl.lit(_ALL_ROLES).alias("role_category"), pl.col(counted).sum())
    shown = suppress_small(by_role, counted, minimum)
    # A total is hidden when it is too small itself, or when all of its cells are hidden because together they are few.
    few = [name for name in counted if (by_role[name] < minimum).all()]
    hidden = [name for name in few if 0 < shown[name].null_count() == shown.height]
    total = all_roles.with_columns(
        pl.when(((pl.col(name) >= minimum) | (pl.col(name) == 0)) & pl.lit(name not in hidden)).then(name)
        for name in counted
    )
    table = pl.concat([shown, total])
    absent = [name for name, columns in _COLUMNS.items() if not any(map(leak.capabilities.has, columns))]
    return table.with_columns(pl.lit(None, pl.Int64).alias(name) for name in absent)


def masked(matches: Matches) -> pl.DataFrame:
    """List the confirmed hits without names: initials, kind of role, tier and P(wrong person).

    One row per hit, the most certain first: `figure`, `role_category`, `tier`, `p_wrong_person`.
    """
    initials = pl.struct("first_name", "last_name").map_elements(
        lambda name: mask_name(f"{name['first_name']} {name['last_name']}"), return_dtype=pl.String
    )
    figures = matches.register.select("figure_id", "role_category", figure=initials)
    listed = confirmed(matches).join(figures, on="figure_id")
    return listed.sort("p_wrong_person", "figure_id", "record_id").select(
        "figure", "role_category", "tier", "p_wrong_person"
    )


def reveal(leak: Leak, matches: Matches, *, reason: str) -> pl.DataFrame:
    """Return the confirmed hits with names, after writing the reason to the log of the data set.

    One row per hit: `figure_id`, `first_name`, `last_name`, `role`, `record_id`, `practice_id`, `tier`,
    `p_wrong_person`. Raises `InputError` without a reason and `DisclosureError` when the log cannot be written.
    """
    names = matches.register.select("figure_id", "first_name", "last_name", "role")
    named = confirmed(matches).join(names, on="figure_id", maintain_order="left")
    columns = ["figure_id", "first_name", "last_name", "role", "record_id", "practice_id", "tier", "p_wrong_person"]
    disclose(leak.path, "public figures found in the leak", columns, named.height, reason)
    return named.select(columns)


def _flags(leak: Leak, hits: pl.DataFrame) -> pl.DataFrame:
    """Return one row per record: `record_id`, and whether one of its lines has each of `EXPOSED`."""
    lines = leak.lines.semi_join(leak.register_table(hits.select("record_id").unique().to_arrow()), "record_id")
    filled = {name: lines[name].nullif("").notnull() for name in ("address", "email", "nir")}
    phone = lines.mobile_phone.nullif("").notnull() | lines.landline_phone.nullif("").notnull()
    comment = lines.administrative_comment.strip().nullif("")
    records = collect(lines.select("record_id", text=comment, phone=phone, **filled), ["record_id", "text"])
    sensitive = classify(records["text"])["sensitive"]
    flagged = records.with_columns(comment=pl.col("text").is_not_null(), sensitive_comment=sensitive)
    return flagged.group_by("record_id").agg(pl.col(EXPOSED).any())
