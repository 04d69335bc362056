"""What is exposed of the figures that are found: counted by kind of role, listed in initials, named on demand alone."""

from __future__ import annotations

import polars as pl

from toolkit.analysis.comments import classify
from toolkit.analysis.public_figures._matching import Matches
from toolkit.dataset import Leak, collect
from toolkit.dataset.cache import cached
from toolkit.privacy import disclose, mask_name, suppress_small

__all__ = ["EXPOSED", "confirmed", "exposure", "masked", "reveal"]

EXPOSED = ("address", "phone", "email", "nir", "comment", "sensitive_comment")
"""What of a figure may be exposed: by at least one of its records."""

_SURE = 0.05
_DATED = 2
_EVERYBODY = "all"


def confirmed(matches: Matches) -> pl.DataFrame:
    """The hits to go on with: name and birth date agree, and P(wrong person) is at most 5 %.

    The rows and columns of `Matches.hits`. They are leads all the same: before anybody is named, an independent source
    must confirm, the person must be heard, and the public interest must carry it.
    """
    return matches.hits.filter(pl.col("rank") >= _DATED, pl.col("p_wrong_person") <= _SURE)


@cached
def exposure(leak: Leak, matches: Matches, minimum: int = 10) -> pl.DataFrame:
    """Of the confirmed figures, how many have what exposed, by kind of role?

    One row a role category, and a last one called "all": `role_category`, `figures` (confirmed), one column for each of
    `EXPOSED` and `several_practices` (figures with records at more than one practice), all of them numbers of figures.
    Counts under `minimum` are null, and so are those from which they could be computed.
    """
    hits = confirmed(matches)
    flags = _flags(leak, hits)
    roles = matches.register.select("figure_id", "role_category")
    figures = (
        hits.join(flags, on="record_id")
        .group_by("figure_id")
        .agg(pl.col(EXPOSED).any(), several_practices=pl.col("practice_id").n_unique() > 1)
        .join(roles, on="figure_id")
    )
    counted = ["figures", *EXPOSED, "several_practices"]
    figures = figures.with_columns(figures=pl.lit(value=True))
    by_role = figures.group_by("role_category").agg(pl.col(counted).sum().cast(pl.Int64)).sort("role_category")
    everybody = by_role.select(pl.lit(_EVERYBODY).alias("role_category"), pl.col(counted).sum())
    shown = suppress_small(by_role, counted, minimum)
    # A total goes when it is itself too small, or when it is of so few that every cell of it had to go.
    few = [name for name in counted if (by_role[name] < minimum).all()]
    gone = [name for name in few if 0 < shown[name].null_count() == shown.height]
    total = everybody.with_columns(
        pl.when(((pl.col(name) >= minimum) | (pl.col(name) == 0)) & pl.lit(name not in gone)).then(name)
        for name in counted
    )
    return pl.concat([shown, total])


def masked(matches: Matches) -> pl.DataFrame:
    """The confirmed hits as a list fit to be looked at: initials, kind of role, tier, P(wrong person); nobody's name.

    One row a hit, the surest first: `figure`, `role_category`, `tier`, `p_wrong_person`.
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
    """Who are the confirmed hits? In clear, after the reason is written to the log of the data set.

    One row a hit: `figure_id`, `first_name`, `last_name`, `role`, `record_id`, `practice_id`, `tier`,
    `p_wrong_person`. Raises `InputError` without a reason and `DisclosureError` when the log cannot be written.
    """
    names = matches.register.select("figure_id", "first_name", "last_name", "role")
    named = confirmed(matches).join(names, on="figure_id", maintain_order="left")
    columns = ["figure_id", "first_name", "last_name", "role", "record_id", "practice_id", "tier", "p_wrong_person"]
    disclose(leak.path, "public figures found in the leak", columns, named.height, reason)
    return named.select(columns)


def _flags(leak: Leak, hits: pl.DataFrame) -> pl.DataFrame:
    """One row a record: `record_id`, and whether each of `EXPOSED` stands in one of its lines."""
    lines = leak.lines.semi_join(leak.register_table(hits.select("record_id").unique().to_arrow()), "record_id")
    filled = {name: lines[name].nullif("").notnull() for name in ("address", "email", "nir")}
    phone = lines.mobile_phone.nullif("").notnull() | lines.landline_phone.nullif("").notnull()
    comment = lines.administrative_comment.strip().nullif("")
    records = collect(lines.select("record_id", text=comment, phone=phone, **filled), ["record_id", "text"])
    sensitive = classify(records["text"])["sensitive"]
    flagged = records.with_columns(comment=pl.col("text").is_not_null(), sensitive_comment=sensitive)
    return flagged.group_by("record_id").agg(pl.col(EXPOSED).any())
