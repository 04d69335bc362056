"""Read any table of people into DuckDB, under the column names of the schema.

The table may be in Polars, Arrow, pandas, DuckDB, Ibis or a file, may use other column names, and may lack most
columns. It becomes the view `raw`: `uid` (the position of the id among all sorted ids, from 0) and the columns of
`FIELDS` as text, null where the table lacks them. The view `as_typed` has the same columns without `uid`, for all rows
or lines: it serves to list the spellings, which needs no lookup of the id.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import ibis.expr.types as ir
import polars as pl
import pyarrow as pa

from toolkit.analysis.linkage._sql import first_row, number
from toolkit.errors import InputError

__all__ = ["FIELDS", "IDENTIFYING", "Presence", "parquet", "read", "read_lines"]

FIELDS = (
    "last_name",
    "birth_name",
    "first_name",
    "sex",
    "birth_date",
    "nir",
    "address",
    "postal_code",
    "city",
    "mobile_phone",
    "landline_phone",
    "email",
)
"""The columns that the linkage can compare."""

IDENTIFYING = ("last_name", "birth_name", "first_name", "birth_date", "nir", "mobile_phone", "email")
"""A table needs at least one of these columns: the others do not identify a person."""

_SYNONYMS = {
    "last_name": ("surname", "family_name", "lastname", "nom", "nom_usage"),
    "birth_name": ("maiden_name", "nom_naissance", "nom_de_naissance"),
    "first_name": ("given_name", "forename", "firstname", "prenom"),
    "sex": ("gender", "sexe"),
    "birth_date": ("date_of_birth", "dob", "date_naissance", "date_de_naissance"),
    "nir": ("soc_sec_id", "national_id", "social_security_number", "ssn", "numero_secu"),
    "address": ("address_1", "street_address", "adresse"),
    "postal_code": ("postcode", "zip", "zip_code", "code_postal"),
    "city": ("suburb", "town", "ville", "commune"),
    "mobile_phone": ("mobile", "phone", "phone_number", "telephone", "portable"),
    "landline_phone": ("landline", "home_phone", "fixe"),
    "email": ("mail", "email_address", "e_mail", "courriel"),
}
_STREET_NUMBER = "street_number"


@dataclass(frozen=True, slots=True)
class Presence:
    """The contents of a table: the number of rows, the filled fields, and the fields that are present but blank."""

    rows: int
    id_column: str
    id_type: str
    fields: tuple[str, ...]
    blank: tuple[str, ...]

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Presence:
        """Rebuild the presence from the values that `dataclasses.asdict` returned."""
        listed = {name: tuple(values[name]) for name in ("fields", "blank")}
        return Presence(**{**values, **listed})

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields that are missing or blank, and cannot be compared."""
        return tuple(name for name in FIELDS if name not in self.fields)


def read(
    con: duckdb.DuckDBPyConnection, records: object, id_column: str, columns: Mapping[str, str] | None
) -> Presence:
    """Create the views `raw` and `as_typed` of `records` in `con`, and return which fields they have.

    `columns` maps a field of `FIELDS` to its column name in the table. Fields that it leaves out are found by the names
    of the schema and the usual English, French and FEBRL names. Raises `InputError` when the id is missing, blank or
    repeated, and when the table has no identifying column with a value.
    """
    _as_view(con, records)
    described = con.execute("DESCRIBE given").fetchall()
    types = {name: kind for name, kind, *_ in described}
    if id_column not in types:
        raise InputError(
            f"The table has no id column {id_column!r} (it has {', '.join(types)}): "
            "give the name of its id column as `id_column`."
        )
    found = _match(types, columns, id_column)
    rows = _check_ids(con, id_column)
    filled = _filled(con, found)
    fields = tuple(name for name in FIELDS if name in filled)
    if not any(name in fields for name in IDENTIFYING):
        blank = ", ".join(sorted(found))
        state = f"its columns {blank} are blank in every row" if found else f"it has {', '.join(types)}"
        raise InputError(
            f"No column of the table identifies a person: {state}. At least one of {', '.join(IDENTIFYING)} is needed; "
            "if your columns have other names, give them as `columns`, for example {'last_name': 'surname'}."
        )
    _make_raw(con, {name: found[name] for name in fields}, id_column, types)
    return Presence(rows, id_column, types[id_column], fields, tuple(n for n in found if n not in filled))


def _as_view(con: duckdb.DuckDBPyConnection, records: object) -> None:
    """Create the view `given` of the table, without a copy where possible."""
    if isinstance(records, str | os.PathLike):
        con.execute(f"CREATE VIEW given AS FROM {_reader(Path(records))}")
        return
    if isinstance(records, ir.Table):
        records = records.to_pyarrow()
    elif isinstance(records, duckdb.DuckDBPyRelation):
        records = records.to_arrow_table()
    elif isinstance(records, pl.LazyFrame):
        records = records.collect()
    if isinstance(records, pl.DataFrame):
        records = records.to_arrow()
    if not isinstance(records, pa.Table) and not hasattr(records, "__arrow_c_stream__"):
        raise InputError(
            f"The linkage cannot read a {type(records).__name__}: give a Polars, Arrow, pandas, Ibis or DuckDB table, "
            "or the path of a Parquet or CSV file."
        )
    con.register("given", pa.table(cast("Any", records)))


def _reader(path: Path) -> str:
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise InputError(
            f"No table was found at {path}: give a Parquet file, a directory of Parquet files, or a CSV file."
        )
    if files[0].suffix in {".csv", ".tsv", ".txt"}:
        return f"read_csv({_listed(files)}, all_varchar = true)"
    return parquet(files)


def parquet(files: Sequence[Path]) -> str:
    """Return the SQL table function that reads these Parquet files; special characters in their names are escaped."""
    return f"read_parquet({_listed(files)})"


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join("'" + glob.escape(str(file)).replace("'", "''") + "'" for file in files) + "]"


def _match(types: Mapping[str, str], columns: Mapping[str, str] | None, id_column: str) -> dict[str, str]:
    """Return the column name of each field that the table has."""
    given = dict(columns or {})
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise InputError(f"`columns` has unknown fields {', '.join(unknown)}: the fields are {', '.join(FIELDS)}.")
    absent = sorted(name for name in given.values() if name not in types)
    if absent:
        raise InputError(
            f"`columns` has {', '.join(absent)}, which the table does not have: its columns are {', '.join(types)}."
        )
    spelled = {
        name.lower().replace(" ", "_"): name for name in types if name != id_column and name not in given.values()
    }
    for field in FIELDS:
        for name in (field, *_SYNONYMS[field]):
            if field not in given and name in spelled:
                given[field] = spelled[name]
    return given


def _check_ids(con: duckdb.DuckDBPyConnection, id_column: str) -> int:
    key = _quoted(id_column)
    rows, filled, distinct = first_row(con, f"SELECT count(*), count({key}), count(DISTINCT {key}) FROM given")
    if rows == 0:
        raise InputError("The table has no rows: give at least one record.")
    if filled < rows:
        raise InputError(
            f"The id column {id_column!r} is blank in {rows - filled:,} of {rows:,} rows: every record needs an id."
        )
    if distinct < rows:
        repeated = f"SELECT {key} FROM given GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
        raise InputError(
            f"The id column {id_column!r} has duplicates: {rows:,} rows have {distinct:,} ids, "
            f"and {first_row(con, repeated)[0]!r} is on more than one row. Keep one row per id, "
            "or give another column as `id_column`."
        )
    return int(rows)


def _filled(con: duckdb.DuckDBPyConnection, found: Mapping[str, str]) -> set[str]:
    """Return the fields with at least one value that is not blank."""
    return {
        field
        for field, column in found.items()
        if con.execute(f"SELECT 1 FROM given WHERE trim({_quoted(column)}::VARCHAR) <> '' LIMIT 1").fetchall()
    }


def _make_raw(
    con: duckdb.DuckDBPyConnection, found: Mapping[str, str], id_column: str, types: Mapping[str, str]
) -> None:
    """Create `ids` (uid and id, numbered in the order of the ids), and the views with the field names of the schema."""
    key = _quoted(id_column)
    con.execute(
        f"CREATE TABLE ids AS SELECT (row_number() OVER (ORDER BY {key}) - 1)::INTEGER AS uid, {key} AS id FROM given"
    )
    columns = ", ".join(f"{_expression(field, found, types)} AS {field}" for field in FIELDS)
    con.execute(f"CREATE VIEW as_typed AS SELECT {columns} FROM given")
    con.execute(f"CREATE VIEW raw AS SELECT uid, {columns} FROM given JOIN ids ON given.{key} = ids.id")


def read_lines(con: duckdb.DuckDBPyConnection, lines: str, fields: Collection[str]) -> Presence:
    """Do the same as `read` for the lines of a leak: one row per record, from the first line that has it.

    `lines` is a query for them with the columns of the schema, `fields` the columns that hold at least one value.
    Raises `InputError` where no identifying column is among these.
    """
    present = tuple(name for name in FIELDS if name in fields)
    if not any(name in present for name in IDENTIFYING):
        raise InputError(f"The lines identify nobody: at least one of {', '.join(IDENTIFYING)} must be filled.")
    con.execute(f"CREATE VIEW given AS {lines}")
    con.execute(
        """
        CREATE TABLE ids AS
        WITH records AS (SELECT record_id, min(line_id) AS line_id FROM given GROUP BY record_id)
        SELECT (row_number() OVER (ORDER BY record_id) - 1)::INTEGER AS uid, record_id AS id, line_id FROM records
        """
    )
    columns = ", ".join(f"{field}::VARCHAR AS {field}" for field in FIELDS)
    con.execute(f"CREATE VIEW as_typed AS SELECT {columns} FROM given")
    con.execute(f"CREATE VIEW raw AS SELECT uid, {columns} FROM given JOIN ids USING (line_id)")
    rows = number(con, "SELECT count(*) FROM ids")
    return Presence(rows, "record_id", "BIGINT", present, ())


def _expression(field: str, found: Mapping[str, str], types: Mapping[str, str]) -> str:
    if field not in found:
        return "NULL::VARCHAR"
    column = f"given.{_quoted(found[field])}::VARCHAR"
    if field == "address" and _STREET_NUMBER in types and found[field] != "address":
        return f"concat_ws(' ', given.{_STREET_NUMBER}::VARCHAR, {column})"
    return column


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
