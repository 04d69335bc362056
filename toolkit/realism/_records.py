"""The records of a data set in a DuckDB database of their own, with what the marks need and no text."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from toolkit import schema
from toolkit.dataset import Leak
from toolkit.reference import read

__all__ = ["open_records"]

_MACROS = """
CREATE MACRO fold(s) AS regexp_replace(upper(strip_accents(s)), '[^A-Z]', '', 'g');
CREATE MACRO nir_dep(n) AS CASE WHEN substr(n, 6, 2) IN ('97', '98') THEN substr(n, 6, 3) ELSE substr(n, 6, 2) END;
CREATE MACRO nir_number(n) AS
    TRY_CAST(substr(n, 1, 5) || replace(replace(substr(n, 6, 2), '2A', '19'), '2B', '18') || substr(n, 8, 6) AS BIGINT);
CREATE MACRO departement(pc) AS CASE
    WHEN pc[:2] IN ('97', '98') THEN pc[:3]
    WHEN pc[:2] = '20' THEN CASE WHEN pc < '20200' THEN '2A' ELSE '2B' END
    ELSE pc[:2] END;
"""

_RECORDS = """
CREATE TABLE records AS
SELECT
    l.line_id, l.practice_id, l.record_id, l.created_on, l.updated_on, l.birth_date,
    CASE WHEN year(l.birth_date) > 1900 THEN
        date_diff('year', l.birth_date, (SELECT max(updated_on) FROM lines)) END AS age,
    l.sex,
    nir_dep(l.nir) AS nir_departement,
    CASE substr(l.nir, 1, 1) WHEN '1' THEN 'M' WHEN '2' THEN 'F' END AS nir_sex,
    97 - nir_number(l.nir) % 97 <> TRY_CAST(substr(l.nir, 14, 2) AS BIGINT) AS nir_wrong,
    l.last_name = upper(l.last_name) AS capitals,
    l.email IS NOT NULL AS has_email,
    l.postal_code,
    departement(l.postal_code) AS departement,
    hash(fold(l.birth_name)) AS birth_name,
    hash(fold(l.last_name)) AS last_name,
    hash(fold(l.first_name)) AS first_name,
    hash(regexp_replace(upper(strip_accents(l.address)), '[^A-Z0-9]', '', 'g'), l.postal_code) AS home,
    l.address IS NOT NULL AS has_address,
    TRY_CAST(l.landline_phone AS BIGINT) AS landline,
    hash(l.last_name, l.birth_name, l.first_name, l.birth_date, l.address) AS text,
    hash(l.postal_code, l.city) AS place
FROM lines l SEMI JOIN firsts USING (line_id)
"""


@contextmanager
def open_records(leak: Leak) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with the tables that the marks are computed from, removed afterwards.

    `records`: one row per record (its first line), with hashes in place of names. `truth`: one row per record, where
    the data set has it. `practices`, where it has them, with the coordinates of their communes. `places`: postal code
    and city, with coordinates. `inhabitants`: people by postal code. `departements`: people by departement.
    `pyramid`: people by sex and first age of a band.
    """
    with tempfile.TemporaryDirectory(prefix="realism-") as folder:
        settings: dict[str, Any] = {"memory_limit": leak.memory_limit or "2GB", "temp_directory": folder}
        connection = duckdb.connect(str(Path(folder) / "records.duckdb"), config=settings)
        try:
            if leak.threads is not None:
                connection.execute(f"SET threads = {int(leak.threads)}")
            connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
            connection.execute(_MACROS)
            connection.execute(f"CREATE VIEW lines AS {leak.lines_in_duckdb()}")
            connection.execute("CREATE TABLE firsts AS SELECT min(line_id) AS line_id FROM lines GROUP BY record_id")
            connection.execute(_RECORDS)
            _reference(connection)
            if leak.capabilities.practices:
                connection.register("found_practices", leak.practices.to_pyarrow())
                connection.execute(
                    "CREATE TABLE practices AS SELECT p.practice_id, c.x, c.y FROM found_practices p "
                    "JOIN coordinates c USING (insee_code)"
                )
            if leak.has_truth:
                files = str(leak.path / schema.TRUTH_LINES.files).replace("'", "''")
                connection.execute(
                    f"CREATE TABLE truth AS SELECT t.line_id, t.errors FROM '{files}' t "
                    "SEMI JOIN firsts USING (line_id)"
                )
            yield connection
        finally:
            connection.close()


def _reference(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the official tables."""
    communes = pl.read_parquet(read("communes.parquet")).filter(pl.col("zone") != "com")
    coordinates = pl.read_parquet(read("coordinates.parquet")).select("insee_code", "x", "y")
    parents = communes.select(parent_code="insee_code", parent="name")
    homes = (
        communes.filter("is_residence_unit")
        .join(parents, on="parent_code", how="left")
        .join(coordinates, on="insee_code")
        .with_columns(
            city=pl.when(pl.col("kind") == "arrondissement").then("parent").otherwise("name"),
            postal_code=pl.col("postal_codes").str.split("|"),
        )
        .with_columns(people=pl.col("population") / pl.col("postal_code").list.len())
        .explode("postal_code")
    )
    departements = pl.read_csv(
        read("departements.csv"), schema_overrides={"departement_code": pl.String, "region_code": pl.String}
    ).filter(pl.col("zone") != "com")
    tables = {
        "coordinates": coordinates,
        "homes": homes.select("postal_code", "city", "x", "y", "people"),
        "inhabitants": homes.group_by("postal_code").agg(pl.col("people").sum()),
        "departements": departements.select(departement="departement_code", people="population"),
        "pyramid": pl.read_csv(BytesIO(read("age_pyramid.csv"))),
    }
    for name, table in tables.items():
        connection.register(f"found_{name}", table.to_arrow())
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM found_{name}")
    connection.execute(
        "CREATE TABLE places AS SELECT hash(postal_code, city) AS place, avg(x) AS x, avg(y) AS y FROM homes GROUP BY 1"
    )
