"""The match weight of one pair of the leak, explained comparison by comparison, with personal data masked."""

from __future__ import annotations

import math

import duckdb
import ibis
import polars as pl

from toolkit.analysis.linkage._input_table import FIELDS
from toolkit.analysis.linkage._model import Model, settings
from toolkit.analysis.linkage._people import People
from toolkit.analysis.linkage.resolve import compared_tables
from toolkit.dataset import Leak
from toolkit.errors import InputError
from toolkit.privacy import mask_lines

__all__ = ["example_pair"]

_SEARCHED = 500
"""How many linked pairs, in the order of their ids, are searched for a good example."""
_ENOUGH = 3
"""More differences than this do not make a pair a better example."""
_ROUNDED = 0.01
_TYPED = ("record_id", *FIELDS)
_COLUMNS = {"comparison": pl.String, "seen": pl.String, "one": pl.String, "other": pl.String, "bits": pl.Float64}


def example_pair(leak: Leak, people: People) -> pl.DataFrame:
    """Return the evidence for which the linkage assigned two different records to the same person.

    Among the first linked pairs by id, choose the first whose records differ in three comparisons (or as many as any
    pair does), preferably with a name in common.
    One row per comparison, in the order of the model: `comparison`, `seen` (the degree of agreement), `one` and `other`
    (the values of the two records, masked as in `privacy.mask_lines`), `bits` (the weight of the degree; 0 for a blank
    field). The first row is the prior weight of any two records, the last one the adjustment for how rare the names
    are. The bits of all rows add up to the weight of the pair. No rows when no pair is linked.

    Raises `InputError` when the linkage has not kept its pairs.
    """
    linkage = people.linkage
    if linkage.pairs is None:
        raise InputError("The linkage has not kept its pairs: run it with `keep_pairs=True`.")
    linked = linkage.pairs.filter(pl.col("weight") >= linkage.threshold)
    if linked.is_empty():
        return pl.DataFrame(schema=_COLUMNS)
    pairs = linked.bottom_k(_SEARCHED, by=["id_l", "id_r"])
    records = _records(leak, pairs)
    seen = _degrees(linkage.model, pairs, records)
    return _evidence(linkage.model, _choose(linkage.model, seen), records)


def _records(leak: Leak, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the records of the pairs as typed, one row per record."""
    ids = pl.concat([pairs["id_l"], pairs["id_r"]]).unique().sort().to_list()
    lines: pl.DataFrame = leak.lines.filter(ibis._.record_id.isin(ids)).select("line_id", *_TYPED).to_polars()
    return lines.sort("line_id").unique("record_id", keep="first", maintain_order=True).drop("line_id")


def _degrees(model: Model, pairs: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs with one column per comparison, which holds the number of its degree."""
    prepared = compared_tables(records)
    places = [
        f"CASE {_cases(comparison['comparison_levels'])} END AS {comparison['output_column_name']}"
        for comparison in settings(model)["comparisons"]
    ]
    # The conditions of the model read the columns of the two records with the suffixes `_l` and `_r`.
    sides = {
        side: ", ".join(f"{name} AS {name}_{side}" for name in prepared["records"].column_names if name != "uid")
        for side in "lr"
    }
    with duckdb.connect() as con:
        for name in ("ids", "records"):
            con.register(name, prepared[name])
        con.register("pairs", pairs.to_arrow())
        seen: pl.DataFrame = con.sql(
            f"""
            WITH lefts AS (SELECT id AS id_l, {sides["l"]} FROM records JOIN ids USING (uid)),
            rights AS (SELECT id AS id_r, {sides["r"]} FROM records JOIN ids USING (uid))
            SELECT id_l, id_r, weight, {", ".join(places)}
            FROM pairs JOIN lefts USING (id_l) JOIN rights USING (id_r)
            """
        ).pl()
    return seen


def _cases(levels: list[dict[str, object]]) -> str:
    """Return the branches of a CASE that numbers the degrees of a comparison from 0."""
    return " ".join(
        f"ELSE {place}" if level["sql_condition"] == "ELSE" else f"WHEN {level['sql_condition']} THEN {place}"
        for place, level in enumerate(levels)
    )


def _choose(model: Model, seen: pl.DataFrame) -> dict[str, float]:
    """Return the pair to show, with its `differences` and `rarity`, the bits that the rarity of its names adds.

    These records were prepared without the rest of the leak, so a degree that depends on how common a name is may be
    wrong. Its bits then do not add up to the weight of the pair, and another pair is chosen.
    """
    start = math.log2(model.probability / (1 - model.probability))
    explained, differences, rare = pl.lit(start), pl.lit(0), pl.lit(value=False)
    for comparison in model.comparisons:
        place = pl.col(comparison.name)
        bits = [0.0 if level.is_null else math.log2(level.m / level.u) for level in comparison.levels]
        best = next(number for number, level in enumerate(comparison.levels) if not level.is_null)
        explained += place.replace_strict(dict(enumerate(bits)), return_dtype=pl.Float64)
        differences += (place > best).cast(pl.Int32)
        rare |= place.is_in([number for number, level in enumerate(comparison.levels) if level.frequencies])
    pairs = seen.with_columns(
        differences=differences.clip(upper_bound=_ENOUGH), rare=rare, rarity=pl.col("weight") - explained
    )
    consistent = pairs.filter(pl.col("rare") | (pl.col("rarity").abs() < _ROUNDED))
    order = ["differences", "rare", "id_l", "id_r"]
    return (
        (consistent if consistent.height else pairs)
        .sort(order, descending=[True, True, False, False])
        .row(0, named=True)
    )


def _evidence(model: Model, pair: dict[str, float], records: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the pair, from the prior weight to the rarity of the names."""
    masked = {
        row["record_id"]: values
        for row, values in zip(records.iter_rows(named=True), mask_lines(records).iter_rows(named=True), strict=True)
        if row["record_id"] in (pair["id_l"], pair["id_r"])
    }
    one, other = masked[pair["id_l"]], masked[pair["id_r"]]
    start = math.log2(model.probability / (1 - model.probability))
    rows: list[tuple[object, ...]] = [("start", "any two records", None, None, start)]
    for comparison in model.comparisons:
        level = comparison.levels[int(pair[comparison.name])]
        bits = 0.0 if level.is_null else math.log2(level.m / level.u)
        values = (_masked_values(side, comparison.fields) for side in (one, other))
        rows.append((comparison.name, level.name, *values, bits))
    rarity = "rarer than most" if pair["rarity"] > 0 else "more common than most"
    rows.append(("names", rarity if pair["rare"] else "none in common", None, None, pair["rarity"]))
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def _masked_values(side: dict[str, str | None], fields: tuple[str, ...]) -> str:
    """Return the masked values of these fields, without repetitions."""
    values = dict.fromkeys(value for name in fields if (value := side[name]) is not None)
    return ", ".join(values) or "blank"
