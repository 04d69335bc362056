"""Measure the marks of a data set."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import duckdb
import numpy as np
import polars as pl
from scipy import stats

from toolkit import schema
from toolkit.dataset import Leak
from toolkit.errors import InputError
from toolkit.progress import Progress
from toolkit.realism._marks import MARKS, Mark
from toolkit.realism._records import open_records

__all__ = ["MEASURES", "Reading", "measure", "readings_table"]

_Z = 1.959963984540054
_SAMPLE = 2_000_000
"""Records of whole practices from which the marks of households are computed, in larger data sets."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One mark of one data set.

    `value` with its 95 % interval `low` to `high`, `n` observations behind it, and the expected band. `status` is
    "present", "lacking", "too few" (under the least number of observations), or "not measured", with the `reason`.
    """

    mark: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    expected_low: float
    expected_high: float | None
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Value:
    """A value, its 95 % interval and the number of observations."""

    value: float
    low: float
    high: float
    n: int


Connection = duckdb.DuckDBPyConnection
Measure = Callable[[Connection], _Value | None]


def measure(leak: Leak, marks: Sequence[str] | None = None, progress: Progress | None = None) -> list[Reading]:
    """Return one reading for each mark, in the order of `MARKS`, or only for `marks`.

    Records are counted once, whatever the number of their lines. Marks of households are measured on whole practices
    drawn until 2,000,000 records. Raises `InputError` for a name that is not a mark.
    """
    names = [mark.name for mark in MARKS]
    unknown = sorted(set(marks or ()) - set(names))
    if unknown:
        raise InputError(f"Unknown mark {', '.join(map(repr, unknown))}: use some of {', '.join(names)}.")
    wanted = [mark for mark in MARKS if marks is None or mark.name in marks]
    readings = []
    with open_records(leak) as connection:
        _draw_practices(connection)
        for done, mark in enumerate(wanted):
            if progress is not None:
                progress(mark.title, done, len(wanted))
            readings.append(_read(connection, leak, mark))
    return readings


def readings_table(readings: Sequence[Reading]) -> pl.DataFrame:
    """Return readings as a table: one row per mark, with the columns of `Reading`."""
    schema_overrides = {
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
        "expected_high": pl.Float64,
        "reason": pl.String,
    }
    return pl.DataFrame([asdict(reading) for reading in readings], schema_overrides=schema_overrides)


def _read(connection: Connection, leak: Leak, mark: Mark) -> Reading:
    lacking = [name for name in mark.needs if not leak.capabilities.has(name)]
    tables = {schema.PRACTICES.name: leak.capabilities.practices, schema.TRUTH_LINES.name: leak.has_truth}
    gone = [name for name in mark.tables if not tables[name]]
    if lacking or gone:
        parts = [f"column {name}" for name in lacking] + [f"table {name}" for name in gone]
        return _reading(mark, None, "not measured", f"the data set has no {' and no '.join(parts)}")
    found = MEASURES[mark.name](connection)
    if found is None or found.n < mark.least or not math.isfinite(found.value):
        seen = 0 if found is None else found.n
        return _reading(mark, None, "too few", f"{seen:,} observations, of {mark.least:,} needed", n=seen)
    fits = mark.low <= found.value and (mark.high is None or found.value <= mark.high)
    return _reading(mark, found, "present" if fits else "lacking")


def _reading(mark: Mark, found: _Value | None, status: str, reason: str | None = None, n: int = 0) -> Reading:
    if found is None:
        return Reading(mark.name, None, None, None, n, mark.low, mark.high, status, reason)
    return Reading(mark.name, found.value, found.low, found.high, found.n, mark.low, mark.high, status, reason)


def _draw_practices(connection: Connection) -> None:
    """Make the table `drawn`: the records of whole practices, every n-th one, up to about `_SAMPLE` records."""
    total = _row(connection, "SELECT count(*) FROM records")[0]
    step = max(1, math.ceil(total / _SAMPLE))
    connection.execute(f"CREATE VIEW drawn AS SELECT * FROM records WHERE coalesce(practice_id, 0) % {step} = 0")


def _row(connection: Connection, query: str) -> tuple[float, ...]:
    row = connection.execute(query).fetchall()[0]
    return tuple(0.0 if value is None else float(value) for value in row)


def _share(connection: Connection, query: str) -> _Value | None:
    """Return a share with its Wilson interval, from a query of events and trials."""
    events, trials = _row(connection, query)
    if not trials:
        return None
    result = stats.binomtest(round(events), round(trials)).proportion_ci(method="wilson")
    return _Value(events / trials, float(result.low), float(result.high), int(trials))


def _ratio_of_shares(connection: Connection, query: str) -> _Value | None:
    """Return the ratio of two shares (events, trials, events, trials), with an interval on the logarithmic scale."""
    a, n, b, m = _row(connection, query)
    if not (a and b and n and m):
        return None
    value = (a / n) / (b / m)
    spread = _Z * math.sqrt(max(0.0, 1 / a - 1 / n + 1 / b - 1 / m))
    return _Value(value, value * math.exp(-spread), value * math.exp(spread), int(n + m))


def _ratio_of_rates(connection: Connection, query: str) -> _Value | None:
    """Return the ratio of two rates (events, days, events, days), with an interval for Poisson counts."""
    a, days, b, other_days = _row(connection, query)
    if not (a and b and days and other_days):
        return None
    value = (a / days) / (b / other_days)
    spread = _Z * math.sqrt(1 / a + 1 / b)
    return _Value(value, value * math.exp(-spread), value * math.exp(spread), int(a + b))


def _distance(connection: Connection, query: str) -> _Value | None:
    """Return the total variation distance of two columns of counts, with the largest error that chance explains.

    The interval is the value minus and plus half the expected distance of a sample of that size (one standard error
    for each cell, as for a multinomial law).
    """
    table = connection.sql(query).pl()
    ours, theirs = (np.array(table[name].fill_null(0), dtype=np.float64) for name in ("ours", "theirs"))
    if not (ours.sum() and theirs.sum()):
        return None
    p, q = ours / ours.sum(), theirs / theirs.sum()
    value = float(np.abs(p - q).sum() / 2)
    noise = float(np.sqrt(p * (1 - p) / ours.sum()).sum() / 2)
    return _Value(value, max(0.0, value - noise), min(1.0, value + noise), int(ours.sum()))


def _sundays(column: str) -> Measure:
    def read(connection: Connection) -> _Value | None:
        return _share(connection, f"SELECT count_if(isodow({column}) = 7), count({column}) FROM records")

    return read


def _seasons(connection: Connection) -> _Value | None:
    return _ratio_of_rates(
        connection,
        """
        WITH full_years AS (
            SELECT created_on FROM records
            WHERE year(created_on) > (SELECT year(min(created_on)) FROM records)
              AND year(created_on) < (SELECT year(max(updated_on)) FROM records)),
        years AS (SELECT count(DISTINCT year(created_on)) AS n FROM full_years)
        SELECT count_if(month(created_on) = 8), 31 * any_value(n),
               count_if(month(created_on) <> 8), 334.25 * any_value(n)
        FROM full_years, years
        """,
    )


def _lockdown(connection: Connection) -> _Value | None:
    """Count records of practices that had the program by the end of 2018, without days of a batch."""
    return _ratio_of_rates(
        connection,
        """
        WITH usual AS (
            SELECT created_on FROM records
            WHERE created_on BETWEEN DATE '2019-01-01' AND DATE '2021-12-31'
              AND coalesce(practice_id, 0) IN (
                SELECT coalesce(practice_id, 0) FROM records GROUP BY 1 HAVING min(created_on) < DATE '2018-10-01')
            QUALIFY count(*) OVER (PARTITION BY practice_id, created_on)
                <= 0.01 * count(*) OVER (PARTITION BY practice_id) + 3)
        SELECT count_if(year(created_on) = 2020), 1, count_if(year(created_on) <> 2020), 2
        FROM usual WHERE strftime(created_on, '%m-%d') BETWEEN '03-17' AND '05-10'
        """,
    )


_FRENCH = "coalesce(nir_departement, '') <> '99'"


def _planned_births(connection: Connection) -> _Value | None:
    return _share(
        connection,
        "SELECT count_if(isodow(birth_date) >= 6), count(*) FROM records "
        f"WHERE year(birth_date) BETWEEN 1987 AND 2013 AND {_FRENCH}",
    )


def _christmas_births(connection: Connection) -> _Value | None:
    return _ratio_of_rates(
        connection,
        f"""
        SELECT count_if(strftime(birth_date, '%m-%d') = '12-25'), 1,
               count_if(strftime(birth_date, '%m-%d') BETWEEN '12-01' AND '12-20'), 20
        FROM records WHERE year(birth_date) BETWEEN 2015 AND 2024 AND {_FRENCH}
        """,
    )


def _unknown_birthdays(connection: Connection) -> _Value | None:
    found = _share(
        connection,
        "SELECT count_if(strftime(birth_date, '%m-%d') IN ('01-01', '12-31')), count(birth_date) FROM records "
        "WHERE nir_departement = '99' AND year(birth_date) > 1900",
    )
    if found is None:
        return None
    even = 2 / 365.25
    return _Value(found.value / even, found.low / even, found.high / even, found.n)


def _house_style(connection: Connection) -> _Value | None:
    table = connection.sql(
        "SELECT count(capitals) AS n, count_if(capitals) AS c FROM records GROUP BY practice_id "
        "HAVING count(capitals) >= 30"
    ).pl()
    n, c = (np.array(table[name], dtype=np.float64) for name in ("n", "c"))
    if len(n) < 2 or not 0 < c.sum() < n.sum():
        return None
    p = c.sum() / n.sum()
    freedom = len(n) - 1
    value = float(((c - n * p) ** 2 / (n * p * (1 - p))).sum() / freedom)
    low, high = (value * freedom / float(stats.chi2.ppf(tail, freedom)) for tail in (0.975, 0.025))
    return _Value(value, low, high, len(n))


def _style_runs(connection: Connection) -> _Value | None:
    """Measure the later records of each practice: the import of an older base, which has one style, comes first."""
    value, n = _row(
        connection,
        """
        WITH usual AS (
            SELECT practice_id, record_id, capitals FROM drawn WHERE capitals IS NOT NULL
            QUALIFY percent_rank() OVER (PARTITION BY practice_id ORDER BY record_id) > 0.6),
        centred AS (
            SELECT practice_id, record_id,
                capitals::INT - avg(capitals::INT) OVER (PARTITION BY practice_id) AS x FROM usual),
        pairs AS (SELECT x, lead(x) OVER (PARTITION BY practice_id ORDER BY record_id) AS y FROM centred)
        SELECT corr(x, y), count(y) FROM pairs
        """,
    )
    if n < 4:
        return None
    middle, spread = math.atanh(max(-0.999999, min(0.999999, value))), _Z / math.sqrt(n - 3)
    return _Value(value, math.tanh(middle - spread), math.tanh(middle + spread), int(n))


def _online_by_age(connection: Connection) -> _Value | None:
    return _ratio_of_shares(
        connection,
        """
        SELECT count_if(has_email AND age BETWEEN 75 AND 89), count_if(age BETWEEN 75 AND 89),
               count_if(has_email AND age BETWEEN 18 AND 39), count_if(age BETWEEN 18 AND 39) FROM records
        """,
    )


def _regional_surnames(connection: Connection) -> _Value | None:
    """Compare pairs of men of 30 to 60 years, few of whom share a household; the interval is a jackknife.

    Men of one name count as often as they have different first names and different birth dates, so that a man who was
    typed twice counts once.
    """
    connection.execute(
        """
        CREATE OR REPLACE TABLE surnames AS
        SELECT departement, birth_name, least(count(DISTINCT first_name), count(DISTINCT birth_date))::DOUBLE AS n
        FROM records
        WHERE sex = 'M' AND age BETWEEN 30 AND 60 AND birth_name IS NOT NULL AND departement IS NOT NULL
        GROUP BY departement, birth_name
        """
    )
    table = connection.sql(
        """
        WITH totals AS (SELECT birth_name, sum(n) AS t FROM surnames GROUP BY 1)
        SELECT sum(n) AS people, sum(n * n) AS own, sum(n * t) AS cross_sum
        FROM surnames JOIN totals USING (birth_name) GROUP BY departement ORDER BY departement
        """
    ).pl()
    people, own, crossed = (np.array(table[name], dtype=np.float64) for name in ("people", "own", "cross_sum"))
    if len(people) < 2:
        return None

    def ratio(left_out: int | None) -> float:
        kept = np.ones(len(people), dtype=bool)
        total = crossed.sum()
        if left_out is not None:
            kept[left_out] = False
            total = total - 2 * crossed[left_out] + own[left_out]
        n, inside = people[kept], own[kept].sum()
        within = (inside - n.sum()) / (n * (n - 1)).sum()
        between = (total - inside) / (n.sum() ** 2 - (n**2).sum())
        return float(within / between) if between > 0 else math.nan

    value = ratio(None)
    left_out = np.array([ratio(number) for number in range(len(people))]) if len(people) > 2 else np.array([value])
    error = math.sqrt((len(left_out) - 1) / len(left_out) * float(((left_out - left_out.mean()) ** 2).sum()))
    return _Value(value, max(0.0, value - _Z * error), value + _Z * error, int(people.sum()))


def _foreign_born(connection: Connection) -> _Value | None:
    return _distance(
        connection,
        """
        SELECT count_if(nir_departement = '99') AS ours, count_if(nir_departement <> '99') AS theirs
        FROM records WHERE nir_departement IS NOT NULL AND first_name IS NOT NULL GROUP BY first_name
        """,
    )


def _inhabitants(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH here AS (
            SELECT postal_code, count(DISTINCT hash(birth_name, first_name, birth_date)) AS n
            FROM records WHERE postal_code IS NOT NULL GROUP BY 1)
        SELECT sum(n) FILTER (WHERE n > people), sum(n) FROM here JOIN inhabitants USING (postal_code)
        """,
    )


def _distances(condition: str) -> Measure:
    """Return the measure of the records whose distance in km satisfies a condition on `km`; `n` counts practices."""

    def read(connection: Connection) -> _Value | None:
        found = _share(
            connection,
            f"""
            WITH apart AS (
                SELECT sqrt((a.x - p.x) ** 2 + (a.y - p.y) ** 2) / 10 AS km
                FROM records r JOIN places a USING (place) JOIN practices p USING (practice_id))
            SELECT count_if({condition}), count(*) FROM apart
            """,
        )
        return found and replace(found, n=_practices(connection))

    return read


def _practices(connection: Connection) -> int:
    return int(_row(connection, "SELECT count(DISTINCT coalesce(practice_id, -1 - line_id)) FROM records")[0])


def _landlines(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH lines AS (
            SELECT practice_id, home, last_name, landline, count(*)::DOUBLE AS n FROM drawn
            WHERE has_address AND landline IS NOT NULL GROUP BY ALL),
        homes AS (SELECT sum(n) AS n, sum(n * (n - 1)) AS same FROM lines GROUP BY practice_id, home, last_name)
        SELECT sum(same) / 2, sum(n * (n - 1)) / 2 FROM homes WHERE n BETWEEN 2 AND 12
        """,
    )


def _record_order(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH pairs AS (
            SELECT created_on, lag(created_on) OVER (PARTITION BY practice_id ORDER BY record_id) AS before FROM drawn)
        SELECT count_if(created_on < before), count(before) FROM pairs
        """,
    )


def _first_weeks(connection: Connection) -> _Value | None:
    """Count from the first day on which a practice opened many records: days with more than 2 % of them are batches."""
    return _ratio_of_rates(
        connection,
        """
        WITH days AS (
            SELECT practice_id, created_on, count(*) AS n, sum(count(*)) OVER (PARTITION BY practice_id) AS every
            FROM records WHERE created_on IS NOT NULL GROUP BY practice_id, created_on),
        begun AS (
            SELECT practice_id, min(created_on) AS first FROM days
            WHERE n <= 0.02 * every + 3 GROUP BY 1),
        steady AS (
            SELECT d.practice_id, date_diff('day', first, created_on) AS since, n
            FROM days d JOIN begun USING (practice_id)
            WHERE n <= 0.02 * every + 3),
        known AS (SELECT practice_id FROM steady GROUP BY 1 HAVING max(since) >= 1095)
        SELECT sum(n) FILTER (WHERE since BETWEEN 14 AND 83), 70, sum(n) FILTER (WHERE since BETWEEN 365 AND 1094), 730
        FROM steady SEMI JOIN known USING (practice_id)
        """,
    )


def _school_age(connection: Connection) -> _Value | None:
    return _ratio_of_shares(
        connection,
        """
        WITH opened AS (
            SELECT date_diff('year', birth_date, created_on) AS age, month(created_on) IN (9, 10) AS autumn
            FROM records)
        SELECT count_if(autumn AND age BETWEEN 6 AND 15), count_if(age BETWEEN 6 AND 15),
               count_if(autumn AND age BETWEEN 25 AND 60), count_if(age BETWEEN 25 AND 60) FROM opened
        """,
    )


def _newborns(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH begun AS (SELECT practice_id, min(created_on) AS first FROM records GROUP BY 1)
        SELECT count_if(date_diff('day', birth_date, created_on) <= 75), count(*)
        FROM records JOIN begun USING (practice_id) WHERE birth_date > first AND created_on >= birth_date
        """,
    )


def _families(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH members AS (
            SELECT practice_id, home, created_on, first_name,
                count(*) OVER (PARTITION BY practice_id, home) AS size
            FROM drawn WHERE has_address AND created_on IS NOT NULL),
        small AS (SELECT * FROM members WHERE size BETWEEN 2 AND 8)
        SELECT count_if(abs(date_diff('day', a.created_on, b.created_on)) <= 3), count(*)
        FROM small a JOIN small b USING (practice_id, home) WHERE a.first_name < b.first_name
        """,
    )


def _deaths(connection: Connection) -> _Value | None:
    return _ratio_of_shares(
        connection,
        """
        WITH last AS (SELECT max(updated_on) AS day FROM records),
        seen AS (
            SELECT age, updated_on < day - INTERVAL 2 YEAR AS asleep FROM records, last
            WHERE created_on IS NULL OR created_on < day - INTERVAL 4 YEAR)
        SELECT count_if(asleep AND age BETWEEN 85 AND 105), count_if(age BETWEEN 85 AND 105),
               count_if(asleep AND age BETWEEN 40 AND 64), count_if(age BETWEEN 40 AND 64) FROM seen
        """,
    )


def _double_openings(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH same AS (
            SELECT count(*) OVER (PARTITION BY practice_id, first_name, birth_date, birth_name) AS by_birth,
                   count(*) OVER (PARTITION BY practice_id, first_name, birth_date, last_name) AS by_use
            FROM drawn WHERE first_name IS NOT NULL AND birth_date > DATE '1900-01-01')
        SELECT count_if(by_birth > 1 OR by_use > 1), count(*) FROM same
        """,
    )


def _transfers(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH shared AS (
            SELECT text FROM records WHERE has_address AND birth_date IS NOT NULL
            GROUP BY text HAVING count(DISTINCT practice_id) > 1),
        blocks AS (
            SELECT practice_id FROM records LEFT JOIN shared ON records.text = shared.text
            GROUP BY practice_id, created_on HAVING count(shared.text) >= 30 AND count(shared.text) >= 0.5 * count(*))
        SELECT (SELECT count(DISTINCT practice_id) FROM blocks), count(DISTINCT practice_id) FROM records
        """,
    )


def _household_moves(connection: Connection) -> _Value | None:
    return _share(
        connection,
        """
        WITH homes AS (
            SELECT line_id, count(DISTINCT first_name) OVER (PARTITION BY practice_id, home) AS people
            FROM drawn WHERE has_address)
        SELECT count_if(people > 1), count(*) FROM homes JOIN truth USING (line_id)
        WHERE list_contains(errors, 'old_address')
        """,
    )


def _remarriages(connection: Connection) -> _Value | None:
    return _share(
        connection,
        "SELECT count_if(list_contains(errors, 'former_husband_name')), count(*) "
        "FROM records JOIN truth USING (line_id) WHERE sex = 'F'",
    )


def _nir_checks(connection: Connection) -> _Value | None:
    table = connection.sql(
        "SELECT count(nir_wrong) AS n, count_if(nir_wrong) AS wrong FROM records GROUP BY practice_id"
    ).pl()
    n, wrong = (np.array(table[name], dtype=np.float64) for name in ("n", "wrong"))
    if not n.sum():
        return None
    rate = wrong.sum() / n.sum()
    judged = n * rate >= 3
    if not judged.any():
        return None
    count = int(judged.sum())
    none = int((wrong[judged] == 0).sum())
    chance = float(np.exp(-n[judged] * rate).mean())
    interval = stats.binomtest(none, count).proportion_ci(method="wilson")
    return _Value(none / count - chance, float(interval.low) - chance, float(interval.high) - chance, count)


def _age_pyramid(connection: Connection) -> _Value | None:
    return _distance(
        connection,
        """
        WITH ours AS (
            SELECT sex, greatest(0, least(95, age // 5 * 5)) AS band, count(*) AS n FROM records
            WHERE sex IN ('M', 'F') AND age IS NOT NULL GROUP BY ALL),
        theirs AS (
            SELECT 'M' AS sex, age_from AS band, men AS n FROM pyramid
            UNION ALL SELECT 'F', age_from, women FROM pyramid)
        SELECT o.n AS ours, t.n AS theirs FROM ours o FULL JOIN theirs t USING (sex, band)
        """,
    )


def _departements(connection: Connection) -> _Value | None:
    found = _distance(
        connection,
        """
        WITH ours AS (SELECT departement, count(*) AS n FROM records WHERE departement IS NOT NULL GROUP BY 1)
        SELECT o.n AS ours, d.people AS theirs FROM ours o FULL JOIN departements d USING (departement)
        """,
    )
    return found and replace(found, n=_practices(connection))


def _simple_share(condition: str, among: str) -> Measure:
    def read(connection: Connection) -> _Value | None:
        return _share(connection, f"SELECT count_if({condition}), count(*) FROM records WHERE {among}")

    return read


MEASURES: dict[str, Measure] = {
    "working_days": _sundays("created_on"),
    "changes_on_sundays": _sundays("updated_on"),
    "seasons": _seasons,
    "lockdown": _lockdown,
    "planned_births": _planned_births,
    "christmas_births": _christmas_births,
    "unknown_birthdays": _unknown_birthdays,
    "house_style": _house_style,
    "style_runs": _style_runs,
    "online_by_age": _online_by_age,
    "regional_surnames": _regional_surnames,
    "foreign_born": _foreign_born,
    "born_abroad": _simple_share("nir_departement = '99'", "nir_departement IS NOT NULL"),
    "old_corsica": _simple_share(
        "nir_departement = '20'", "nir_departement IN ('20', '2A', '2B') AND year(birth_date) BETWEEN 1901 AND 1975"
    ),
    "inhabitants": _inhabitants,
    "distance": _distances("km <= 10"),
    "far_patients": _distances("km > 50"),
    "landlines": _landlines,
    "record_order": _record_order,
    "first_weeks": _first_weeks,
    "school_age": _school_age,
    "newborns": _newborns,
    "families": _families,
    "deaths": _deaths,
    "double_openings": _double_openings,
    "transfers": _transfers,
    "household_moves": _household_moves,
    "remarriages": _remarriages,
    "wrong_sex": _simple_share("nir_sex <> sex", "nir_sex IS NOT NULL AND sex IS NOT NULL"),
    "nir_checks": _nir_checks,
    "age_pyramid": _age_pyramid,
    "departements": _departements,
}
"""How each mark is measured."""
