"""Train the model on a table: u from random pairs, m by expectation-maximisation.

Samples are drawn by arithmetic on the records (a seeded MD5 of a key), not by a sampler that depends on the number of
threads, and the parameters are rounded. The same table and seed give the same model.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb
from splink import Linker
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import EMTrainingException

from toolkit.analysis.linkage._comparisons import Comparison, Level
from toolkit.analysis.linkage._model import Model, settings
from toolkit.analysis.linkage._sql import first_row, number

__all__ = ["quiet_splink", "train", "training_uids"]

_RECORDS_FOR_U = 900
_RECORDS_FOR_M = 100_000
_FEWEST_RECORDS = 500
"""With fewer records than this the model is not trained and keeps its initial parameters."""
_RECORD, _DAY, _NAMES = ("uid",), ("born",), ("last", "first")
"""The sampling keys: a sample has all the records of a value, or none of them."""
_SPREADING = 2_654_435_761
"""Knuth's multiplier, which spreads consecutive numbers evenly over 32 bits."""
_FEWEST_HOMES = 50
_FAMILIES_FROM = 0.1
"""A table holds families if at least this share of the pairs in one home are two people."""
_NOT_OBSERVED = 1e-6
"""The probability that Splink reports for a degree that it did not observe."""
_PRIOR_WEIGHT = 0.25
"""The weight of the initial m in the geometric mean with the learned m."""


@contextmanager
def quiet_splink() -> Iterator[None]:
    """Silence the log of Splink (levels that it did not observe, cached tables)."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def training_uids(rows: int, seed: int) -> str:
    """Return the query for the records of `identities` that `train` samples."""
    keys = {_RECORD: _RECORDS_FOR_U, _DAY: _RECORDS_FOR_M, _NAMES: _RECORDS_FOR_M}
    return " UNION ALL ".join(
        f"SELECT uid FROM identities WHERE {_sample('identities', key, wanted, rows, seed)}"
        for key, wanted in keys.items()
    )


def train(con: duckdb.DuckDBPyConnection, model: Model, rows: int, seed: int) -> Model:
    """Return the model with u and m trained on the table `records` in `con`, sampled from `rows` identities.

    Vetoes stay if the table holds families. In a table without families, a different first name is more often a typing
    error than a sibling, so the vetoes become ordinary degrees.
    """
    if rows < _FEWEST_RECORDS:
        return model
    if not _has_families(con):
        model = model.without_vetoes()
    model = _with_u(con, model, _sample("records", _RECORD, _RECORDS_FOR_U, rows, seed), seed)
    sessions = [
        _learned(con, model, rule, _sample("records", rule.key, _RECORDS_FOR_M, rows, seed))
        for rule in _rules(model, rows)
    ]
    return _blended(model, [session for session in sessions if session])


def _has_families(con: duckdb.DuckDBPyConnection) -> bool:
    """Return whether records with the same surname and home, mobile or mailbox are often several people.

    Two records are two people if first name and birth date both differ. With too few pairs to decide, return True,
    which is the safer choice.
    """
    rows = max(1, number(con, "SELECT count(*) FROM records"))
    kept = f"{min(2**32 - 1, 2**32 * _RECORDS_FOR_M // rows):08x}"
    pairs, several = first_row(
        con,
        f"""
        WITH homes AS (
            SELECT last, first, dob, last || coalesce(address || postal, mobile, email) AS home FROM records
            WHERE first IS NOT NULL AND dob IS NOT NULL
        ),
        sampled AS (
            FROM homes WHERE left(md5(home), 8) < '{kept}'
            QUALIFY row_number() OVER (PARTITION BY home ORDER BY first, dob) <= 8
        )
        SELECT count(*), coalesce(avg((jaro_similarity(l.first, r.first) < 0.72 AND l.first <> r.last
            AND levenshtein(l.dob, r.dob) > 2)::INT), 0)
        FROM sampled l JOIN sampled r ON l.home = r.home AND (l.first, l.dob) < (r.first, r.dob)
        """,
    )
    return bool(pairs < _FEWEST_HOMES or several >= _FAMILIES_FROM)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Training pairs: the condition they agree on, the sampling key, and the comparisons that the condition biases."""

    condition: str
    key: tuple[str, ...]
    biased: frozenset[str]


def _rules(model: Model, rows: int) -> list[_Rule]:
    """Return the training rules: pairs with the same birth date train the names, pairs with the same names the date."""
    names = {comparison.name for comparison in model.comparisons}
    same_day, biased = "l.dob = r.dob", {"birth_date"}
    if rows > _RECORDS_FOR_M and "place" in names:
        same_day, biased = f"{same_day} AND l.departement = r.departement", {"birth_date", "place"}
    rules = []
    if "birth_date" in names:
        rules.append(_Rule(same_day, _DAY, frozenset(biased)))
    if {"surname", "first_name"} <= names:
        rules.append(_Rule("l.last = r.last AND l.first = r.first", _NAMES, frozenset({"surname", "first_name"})))
    return rules


def _sample(table: str, key: tuple[str, ...], wanted: int, rows: int, seed: int) -> str:
    """Return the condition for a sample of about `wanted` of the `rows` records of `table`, by the values of `key`.

    The sample has all the records of a value or none of them. For a key of two columns it keeps the same share of the
    values of each.
    """
    if wanted >= rows:
        return " AND ".join(f"{column} IS NOT NULL" for column in key)
    if key == _RECORD:
        return f"(uid::UBIGINT * {_SPREADING} + {seed}) % {2**32} < {round(wanted / rows * 2**32)}"
    kept = f"{round((wanted / rows) ** (1 / len(key)) * 2**32):08x}"
    # The aggregate makes DuckDB hash each value once instead of each record.
    return " AND ".join(
        f"{column} IN (SELECT {column} FROM {table} GROUP BY {column} "
        f"HAVING left(md5(concat('{seed}', any_value({column}))), 8) < '{kept}')"
        for column in key
    )


def _with_u(con: duckdb.DuckDBPyConnection, model: Model, sample: str, seed: int) -> Model:
    """Train u: the frequency of each degree among the pairs of some thousand records, nearly all of two people."""
    con.execute(f"CREATE OR REPLACE TABLE for_u AS FROM records WHERE {sample} ORDER BY uid")
    size = number(con, "SELECT count(*) FROM for_u")
    with quiet_splink():
        linker = _linker(con, model, "for_u")
        # `max_pairs` is high enough that Splink uses all pairs and does not sample them itself.
        linker.training.estimate_u_using_random_sampling(
            max_pairs=float(size * size + 10), seed=seed, min_count_per_level=None, num_chunks=1
        )
        learned = _parameters(linker, "u_probability")
    pairs = size * (size - 1) / 2
    return model.map_levels(lambda c, level: _pulled_u(level, learned.get((c.name, level.name)), pairs))


def _pulled_u(level: Level, learned: float | None, pairs: float) -> Level:
    """Smooth the u observed among `pairs` with five pseudo-observations of the initial u, for the rare degrees."""
    if not level.trained or level.is_null:
        return level
    seen = learned if learned is not None and learned > _NOT_OBSERVED else 0.0
    return replace(level, u=_rounded((seen * pairs + 5) / (pairs + 5 / level.u)))


def _learned(con: duckdb.DuckDBPyConnection, model: Model, rule: _Rule, sample: str) -> dict[tuple[str, str], float]:
    """Return the m of each degree from expectation-maximisation on the pairs of a rule; empty if it fails."""
    con.execute(f"CREATE OR REPLACE TABLE for_m AS FROM records WHERE {sample} ORDER BY uid")
    with quiet_splink():
        linker = _linker(con, model, "for_m")
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule.condition, estimate_without_term_frequencies=True
            )
        except (EMTrainingException, ValueError):
            return {}
        learned = _parameters(linker, "m_probability")
    return {key: m for key, m in learned.items() if key[0] not in rule.biased}


def _linker(con: duckdb.DuckDBPyConnection, model: Model, table: str) -> Linker:
    api = DuckDBAPI(con)
    return Linker(api.register(table), settings(model.without_exceptions()), validate_settings=False, log_level=None)


def _parameters(linker: Linker, which: str) -> dict[tuple[str, str], float]:
    """Return the learned probability of each (comparison, degree)."""
    return {
        (comparison["output_column_name"], level["label_for_charts"]): level[which]
        for comparison in linker.misc.save_model_to_json()["comparisons"]
        for level in comparison["comparison_levels"]
        if which in level
    }


def _blended(model: Model, sessions: list[dict[tuple[str, str], float]]) -> Model:
    """Set each m to the geometric mean of the sessions, weighted with the initial m."""

    def blend(comparison: Comparison, level: Level) -> Level:
        seen = [s[comparison.name, level.name] for s in sessions if (comparison.name, level.name) in s]
        if not level.trained or level.is_null or not seen:
            return level
        logs = sum(math.log(max(m, 1e-5)) for m in seen) / len(seen)
        return replace(level, m=_rounded(math.exp((1 - _PRIOR_WEIGHT) * logs + _PRIOR_WEIGHT * math.log(level.m))))

    return model.map_levels(blend)


def _rounded(value: float) -> float:
    """Round to three digits, because the last digits of sums of floats depend on the number of threads."""
    return float(f"{min(max(value, 1e-12), 0.9999):.3g}")
