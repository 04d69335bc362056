"""Small tables behind the charts of the marks; counts under ten are left out."""

from __future__ import annotations

import polars as pl

from toolkit.dataset import Leak
from toolkit.privacy import suppress_small
from toolkit.realism._records import open_records

__all__ = ["PROFILES", "profiles"]

_FRENCH = "coalesce(nir_departement, '') <> '99'"

PROFILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "weekdays": (
        """
        SELECT isodow(created_on) AS weekday, count(*) AS created,
            any_value(changed) AS changed
        FROM records JOIN (SELECT isodow(updated_on) AS day, count(*) AS changed FROM records GROUP BY 1)
            ON isodow(created_on) = day
        GROUP BY 1 ORDER BY 1
        """,
        ("created_on", "updated_on"),
    ),
    "weeks": (
        """
        WITH usual AS (
            SELECT created_on FROM records WHERE created_on BETWEEN DATE '2018-12-31' AND DATE '2021-12-26'
            QUALIFY count(*) OVER (PARTITION BY practice_id, created_on)
                <= 0.01 * count(*) OVER (PARTITION BY practice_id) + 3)
        SELECT date_trunc('week', created_on)::DATE AS week, count(*) AS created FROM usual GROUP BY 1 ORDER BY 1
        """,
        ("created_on",),
    ),
    "births": (
        f"""
        SELECT year(birth_date) // 10 * 10 AS decade, count(*) AS births,
            count_if(isodow(birth_date) >= 6) AS weekend
        FROM records WHERE year(birth_date) BETWEEN 1930 AND 2029 AND {_FRENCH} GROUP BY 1 ORDER BY 1
        """,
        ("birth_date",),
    ),
    "styles": (
        """
        WITH shares AS (
            SELECT count_if(capitals) / count(capitals) AS share, count(capitals) AS n
            FROM records GROUP BY practice_id HAVING count(capitals) >= 30)
        SELECT least(19, floor(share * 20))::INT AS twentieth, count(*) AS practices, sum(n)::BIGINT AS records
        FROM shares GROUP BY 1 ORDER BY 1
        """,
        ("practice_id", "last_name"),
    ),
    "contact": (
        """
        SELECT age // 10 * 10 AS age, count(*) AS records, count_if(has_email) AS email, count(landline) AS landline
        FROM records WHERE age BETWEEN 20 AND 99 GROUP BY 1 ORDER BY 1
        """,
        ("birth_date", "updated_on"),
    ),
    "places": (
        """
        WITH here AS (
            SELECT postal_code, count(DISTINCT hash(birth_name, first_name, birth_date)) AS n
            FROM records WHERE postal_code IS NOT NULL GROUP BY 1)
        SELECT least(30, floor(20 * n / people))::INT AS twentieth, count(*) AS postal_codes, sum(n)::BIGINT AS people
        FROM here JOIN inhabitants USING (postal_code) GROUP BY 1 ORDER BY 1
        """,
        ("postal_code", "birth_name", "first_name", "birth_date"),
    ),
    "distances": (
        """
        WITH apart AS (
            SELECT sqrt((a.x - p.x) ** 2 + (a.y - p.y) ** 2) / 10 AS km
            FROM records r JOIN places a USING (place) JOIN practices p USING (practice_id))
        SELECT least(60, floor(km / 5) * 5)::INT AS km, count(*) AS records FROM apart GROUP BY 1 ORDER BY 1
        """,
        ("postal_code", "city", "practice_id"),
    ),
    "openings": (
        """
        WITH born AS (
            SELECT date_diff('year', birth_date, created_on) AS age, month(created_on) AS month FROM records)
        SELECT month, count_if(age BETWEEN 6 AND 15) AS pupils, count_if(age BETWEEN 25 AND 60) AS adults
        FROM born WHERE month IS NOT NULL GROUP BY 1 ORDER BY 1
        """,
        ("birth_date", "created_on"),
    ),
}
"""The query of each table, and the columns of the lines that it needs."""
_COUNTS = ("created", "changed", "births", "weekend", "records", "email", "landline", "people", "pupils", "adults")


def profiles(leak: Leak) -> dict[str, pl.DataFrame]:
    """Return the tables behind the charts, by name; without those that the data set has no columns for.

    `weekdays`: one row per day of the week (1 Monday), records created and last changed. `weeks`: one row per week of
    2019 to 2021, records created, without imports. `births`: one row per decade of birth, people born in France, and
    those of them born at a weekend. `styles`: one row per twentieth of the share of capitals, practices and their
    records. `contact`: one row per ten years of age, records, with e-mail, with landline. `places`: one row per
    twentieth of people on file to inhabitants, postal codes and people. `distances`: one row per 5 km, records.
    `openings`: one row per month, records opened for school children and for adults. Counts under ten are null.
    """
    with open_records(leak) as connection:
        found = {}
        for name, (query, needs) in PROFILES.items():
            if not leak.capabilities.has(*needs) or (name == "distances" and not leak.capabilities.practices):
                continue
            table = connection.sql(query).pl()
            counts = [column for column in _COUNTS if column in table.columns]
            found[name] = suppress_small(table.with_columns(pl.col(counts).cast(pl.Int64)), counts)
    return found
