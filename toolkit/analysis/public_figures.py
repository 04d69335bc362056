"""Which public figures are in the leak, and how many of the hits are namesakes?

An outside register of public figures is joined with the leak on folded names, then hits are ranked by how much more
agrees: birth year, birth date, departement. A name alone proves nothing: with millions of people in the leak, most
names have several bearers. So every tier comes with the number of hits that chance alone would give.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import polars as pl

from toolkit.analysis.estimation import poisson_range
from toolkit.analysis.folding import departement_of, fold
from toolkit.analysis.identities import first_names, identities, surnames
from toolkit.analysis.results import collect, share
from toolkit.leak import Leak

__all__ = ["TIERS", "expected_by_chance", "hits", "tiers"]

TIERS = {
    "name": "first name, and last or birth name",
    "name_birth_year": "the same, and birth year",
    "name_birth_date": "the same, and birth date",
    "name_birth_date_place": "the same, and departement of the postal code",
}
"""What agrees between figure and record, from the weakest tier to the strongest."""

_DAYS_IN_YEAR = 365.25


def hits(leak: Leak) -> pl.DataFrame:
    """Which records may be a public figure's?

    One row a pair of figure and record that share first name and last or birth name: `figure_id`, `record_id`,
    `practice_id`, `tier` (the strongest reached), `rank` (its position in `TIERS`, from 0). No names: who it is
    stays in the register. A record exported twice is one hit.
    """
    columns = ("figure_id", "record_id", "practice_id", "birth_date")
    by_last, by_birth = (_bearers(leak, column).select(*columns) for column in ("last_name", "birth_name"))
    places = leak.lines.select("record_id", "postal_code").distinct()
    pairs = by_last.union(by_birth).distinct().join(places, "record_id")
    figures = leak.public_figures.select("figure_id", born="birth_date", lives="departement_code")
    met = pairs.join(figures, "figure_id")
    ranked = met.group_by("figure_id", "record_id", "practice_id").aggregate(rank=_rank(met).max())
    found = collect(ranked, ["figure_id", "record_id"])
    return found.with_columns(tier=_tier_name()).select("figure_id", "record_id", "practice_id", "tier", "rank")


def tiers(leak: Leak) -> pl.DataFrame:
    """How many hits stand at each tier, and how many would chance alone give?

    One row a tier, weakest first: `tier`, `definition`, `hits` (pairs that reach this tier or a stronger one), `best`
    (pairs whose strongest tier this is), `figures` (with such a hit), `figures_testable` (all that carry what the
    tier compares, the denominator), `share` (figures over figures_testable), `expected` (hits by chance, see
    `expected_by_chance`), `chance_low` and `chance_high` (between which chance falls in 95 of 100 cases, Poisson),
    `excess_low` and `excess_high` (hits less chance, never below 0).
    """
    found = hits(leak)
    chance = expected_by_chance(leak)
    rows = []
    for rank, (tier, definition) in enumerate(TIERS.items()):
        reached = found.filter(pl.col("rank") >= rank)
        expected = chance.filter(pl.col("tier") == tier).row(0, named=True)
        low, high = poisson_range(expected["expected"])
        rows.append(
            {
                "tier": tier,
                "definition": definition,
                "hits": reached.height,
                "best": found.filter(pl.col("rank") == rank).height,
                "figures": reached["figure_id"].n_unique(),
                "figures_testable": expected["figures_testable"],
                "expected": expected["expected"],
                "chance_low": int(low),
                "chance_high": int(high),
                "excess_low": max(0, reached.height - int(high)),
                "excess_high": max(0, reached.height - int(low)),
            }
        )
    table = pl.DataFrame(rows).with_columns(share("figures", "figures_testable").alias("share"))
    return table.select(*table.columns[:6], "share", *table.columns[6:-1])


def expected_by_chance(leak: Leak) -> pl.DataFrame:
    """How many hits would there be if no figure were in the leak?

    One row a tier: `tier`, `figures_testable`, `expected` (pairs of figure and record). The model, with frequencies
    from the leak itself: a record carries a figure's surname (as last or birth name) independently of its first name
    and birth year; first name and birth year go together, as names have their generations; the day within the
    year is uniform; the departement is independent of the rest. Families who keep names and places together break
    the model, so chance is a little underestimated at the strongest tier.
    """
    lines = leak.lines
    totals = collect(lines.aggregate(lines=lines.count(), records=lines.record_id.nunique()), "lines")
    all_lines, all_records = totals.select("lines", "records").row(0)
    names = collect(_figure_names(leak), ["figure_id", "surname"])
    surnames = _surname_counts(leak)
    first_years = _first_name_counts(leak)
    places = _place_counts(leak)
    figures = collect(leak.public_figures.select("figure_id", "birth_date", "departement_code"), "figure_id")

    # Per figure: lines with one of its surnames, with its first name, with its first name and birth year, in its place.
    bearers = (
        names.join(surnames, on="surname", how="left")
        .group_by("figure_id")
        .agg(pl.col("figure_first").first().alias("first"), pl.col("surname_lines").fill_null(0).sum())
    )
    any_year = first_years.group_by("first").agg(pl.col("first_lines").sum())
    table = (
        figures.with_columns(year=pl.col("birth_date").dt.year().cast(pl.Int64))
        .join(bearers, on="figure_id", how="left")
        .join(any_year, on="first", how="left")
        .join(first_years.rename({"first_lines": "first_year_lines"}), on=["first", "year"], how="left")
        .join(places, left_on="departement_code", right_on="departement", how="left")
        .with_columns(pl.col("surname_lines", "first_lines", "first_year_lines", "place").fill_null(0))
    )
    # Shares are of lines, hits are counted in records.
    scale = all_records / max(1, all_lines) ** 2
    by_name = pl.col("surname_lines") * pl.col("first_lines") * scale
    by_year = pl.col("surname_lines") * pl.col("first_year_lines") * scale
    by_date = by_year / _DAYS_IN_YEAR
    by_place = by_date * pl.col("place") / max(1, all_lines)
    dated = pl.col("birth_date").is_not_null()
    placed = dated & pl.col("departement_code").is_not_null()
    models = zip(TIERS, (by_name, by_year, by_date, by_place), (pl.lit(True), dated, dated, placed), strict=True)
    parts = [
        table.filter(testable).select(tier=pl.lit(tier), figures_testable=pl.len(), expected=model.sum())
        for tier, model, testable in models
    ]
    return pl.concat(parts).with_columns(pl.col("figures_testable").cast(pl.Int64))


def _bearers(leak: Leak, column: str) -> ir.Table:
    """One row a line and figure: the line's first name and its `column` are the figure's first name and a surname."""
    names = _figure_codes(leak)
    people = identities(leak)
    people = people.select("record_id", "practice_id", "birth_date", "first_name", surname=column)
    return people.join(names, (people.surname == names.surname_code) & (people.first_name == names.first_code))


def _figure_names(leak: Leak) -> ir.Table:
    """One row a figure and surname: a figure whose last and birth names differ has two."""
    figures = leak.public_figures
    first = fold(figures.first_name)
    last = figures.select("figure_id", figure_first=first, surname=fold(figures.last_name))
    birth = figures.select("figure_id", figure_first=first, surname=fold(figures.birth_name))
    return last.union(birth).distinct()


def _figure_codes(leak: Leak) -> ir.Table:
    """The same, for the names that the leak knows: `figure_id`, `surname_code`, `first_code`."""
    surname = surnames(leak).select(surname="folded", surname_code="code").distinct()
    first = first_names(leak).select(figure_first="folded", first_code="code").distinct()
    known = _figure_names(leak).join(surname, "surname").join(first, "figure_first")
    return known.select("figure_id", "surname_code", "first_code")


def _rank(met: ir.Table) -> ir.IntegerColumn:
    """The position in `TIERS` of the strongest tier a pair reaches; null dates and places agree with nothing."""
    same_year = (met.birth_date.year() == met.born.year()).fill_null(False)
    same_date = (met.birth_date == met.born).fill_null(False)
    same_place = (departement_of(met.postal_code) == met.lives).fill_null(False)
    return ibis.cases((same_date & same_place, 3), (same_date, 2), (same_year, 1), else_=0)


def _tier_name() -> pl.Expr:
    return pl.col("rank").replace_strict(list(range(len(TIERS))), list(TIERS), return_dtype=pl.String)


def _surname_counts(leak: Leak) -> pl.DataFrame:
    """`surname`, `surname_lines`: lines that carry a figure's surname as last name, or as birth name only."""
    pairs = identities(leak).group_by("last_name", "birth_name").aggregate(lines=ibis._.count())
    last = pairs.select("lines", code="last_name")
    birth = pairs.filter((pairs.birth_name != pairs.last_name) | pairs.last_name.isnull())
    carried = last.union(birth.select("lines", code="birth_name"))
    counted = carried.group_by("code").aggregate(surname_lines=ibis._.lines.sum())
    wanted = _figure_names(leak).select(folded="surname").distinct()
    known = surnames(leak).select("folded", "code").distinct().semi_join(wanted, "folded")
    return collect(known.join(counted, "code").select("surname_lines", surname="folded"), "surname")


def _first_name_counts(leak: Leak) -> pl.DataFrame:
    """`first`, `year`, `first_lines`: lines that carry a figure's first name, by birth year."""
    people = identities(leak)
    counted = people.select(code="first_name", year=people.birth_date.year()).group_by("code", "year")
    wanted = _figure_names(leak).select(folded="figure_first").distinct()
    known = first_names(leak).select("folded", "code").distinct().semi_join(wanted, "folded")
    carried = known.join(counted.aggregate(first_lines=ibis._.count()), "code")
    return collect(carried.select("year", "first_lines", first="folded"), ["first", "year"])


def _place_counts(leak: Leak) -> pl.DataFrame:
    """`departement`, `place`: lines with a postal code there."""
    typed = leak.lines.group_by("postal_code").aggregate(lines=ibis._.count())
    places = typed.select("lines", departement=departement_of(typed.postal_code))
    return collect(places.group_by("departement").aggregate(place=ibis._.lines.sum()), "departement")
