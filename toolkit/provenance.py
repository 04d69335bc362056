"""The marks of a synthetic data set, and the checks that a data set has them.

`toolkit.synth` draws values from the ranges defined here, and `verify_synthetic` checks the finished files, so that no
value in a data set can reach a real person:
- telephone numbers are under the roots that Arcep reserves for fiction (decision 2018-0881, article 2.5.12), or from
  07 10 to 07 39, where Arcep's list of 2026 (MAJNUM) has no block allocated to an operator;
- social security numbers (NIR) have the commune code 000, which does not exist, so none was ever issued;
- mail domains end in `.example`, which RFC 2606 reserves: it cannot be registered;
- streets end with a fictional complement, which no real street name has.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from toolkit import schema
from toolkit.errors import DataSetError, InputError, NotADataSetError

__all__ = [
    "FICTIONAL_STREET_COMPLEMENTS",
    "FICTION_PHONE_ROOTS",
    "IMPOSSIBLE_COMMUNE",
    "SAFE_MAIL_SUFFIX",
    "SYNTHETIC_KEY",
    "SYNTHETIC_VALUE",
    "UNALLOCATED_MOBILE_PREFIXES",
    "SyntheticCheck",
    "SyntheticReport",
    "nir_key",
    "verify_synthetic",
]

# --- The marks --------------------------------------------------------------------------------------------------------

SYNTHETIC_KEY = "synthetic"
"""Key of the mark in the footer of a Parquet file and, with the value true, in the two JSON files."""

SYNTHETIC_VALUE = "true: invented data, no real person; made by leak-forensics-toolkit"
"""Value of the mark in the footer of a Parquet file; existing data sets contain it, so it must not change."""

FICTION_PHONE_ROOTS: tuple[str, ...] = ("019900", "026191", "035301", "046571", "053649", "063998")
"""First six digits of the 60,000 numbers reserved for fiction: one root for each zone 01 to 05, then mobiles."""

UNALLOCATED_MOBILE_PREFIXES: tuple[str, ...] = tuple(f"07{block}" for block in range(10, 40))
"""First four digits of 30 million mobile numbers that are not allocated to any operator."""

IMPOSSIBLE_COMMUNE = "000"
"""Commune code in every NIR ('00' after an overseas departement, which takes three characters)."""

SAFE_MAIL_SUFFIX = ".example"
"""Ending of every mail domain."""

FICTIONAL_STREET_COMPLEMENTS: tuple[str, ...] = (
    "aux Cent Nuages", "aux Neuf Brumes", "aux Mille Horloges", "aux Onze Lunes", "aux Lanternes Bleues",
    "aux Parapluies Volants", "aux Chaussettes Rouges", "aux Baleines Volantes", "aux Escargots Volants",
    "aux Nuages Assis", "aux Moutons Mauves", "aux Girafes Naines", "aux Tortues Volantes", "aux Hiboux Bavards",
    "aux Lapins Astronomes", "aux Dragons Timides", "aux Dragons Distraits", "aux Renards Bleus",
    "aux Pommes Volantes", "aux Escaliers Dormants", "aux Horloges Molles", "aux Miroirs Sourds",
    "aux Chevaux de Papier", "aux Bateaux de Papier", "aux Violons Muets", "aux Tambours Muets",
    "aux Clochettes Mauves", "aux Lampions Songeurs", "aux Cailloux Bavards", "aux Corbeaux Mauves",
    "aux Chats Astronomes", "aux Oiseaux de Carton", "aux Poissons Chanteurs", "aux Sept Dimanches",
    "aux Onze Dimanches", "aux Cerises Bleues", "aux Citrons Mauves", "aux Papillons Savants", "des Songes Bleus",
    "des Songes Perdus", "des Songes Mauves", "des Brumes Orange", "des Ombres Bavardes", "des Lundis Perdus",
    "des Mardis Bleus", "des Jeudis Volants", "des Pluies de Papier", "des Vents Immobiles", "des Lunes Vertes",
    "des Soleils Mauves", "des Neiges Bleues", "des Silences Orange", "des Nuits Orange", "des Minutes Perdues",
    "des Siestes Royales", "des Bulles Savantes", "des Plumes Distraites", "des Toupies Dormantes",
    "du Grand Sommeil Bleu", "du Nuage Distrait", "du Vent Immobile", "du Silence Orange", "du Hibou Distrait",
    "du Dragon Bavard", "du Lapin Astronome", "du Chat Mauve", "du Brochet Volant", "du Hamster Royal",
    "du Soleil Mauve", "du Mouton Astronome", "du Parapluie Songeur", "du Violon de Papier", "du Tambour de Brume",
    "du Dimanche Perdu", "du Lundi Volant", "du Renard Somnambule", "du Kangourou Savant", "du Crapaud Astronome",
    "de la Lune en Carton", "de la Baleine Verte", "de la Tortue Volante", "de la Pluie Mauve", "de la Neige Orange",
    "de la Girafe Songeuse", "de la Brume Dormante", "de la Sieste Royale", "de la Boussole Folle",
    "de la Chouette Distraite", "de la Licorne Timide", "de la Fourmi Volante",
)  # fmt: skip
"""Endings of the synthetic street names. No known French street has one, so no address exists."""


# --- Social security numbers ------------------------------------------------------------------------------------------

_NIR_BODY = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}")


def nir_key(first13: str) -> str:
    """Return the two-digit key of a social security number (NIR), from its first 13 characters.

    The characters are sex (1), year (2) and month (2) of birth, departement (2; 2A and 2B in Corsica, 99 abroad) and
    commune (3), or overseas departement (3) and commune (2), then the order of the birth (3).
    The key is 97 minus the remainder of that number divided by 97, where 2A is read as 19 and 2B as 18 (INSEE, *Numéro
    d'inscription au répertoire*). Raises `InputError` when the text has another layout.
    """
    if not _NIR_BODY.fullmatch(first13):
        raise InputError(f"A NIR without its key is 13 digits (2A or 2B in Corsica), not {len(first13)} characters.")
    departement = {"2A": "19", "2B": "18"}.get(first13[5:7], first13[5:7])
    return f"{97 - int(first13[:5] + departement + first13[7:]) % 97:02d}"


# --- The checks of values, in SQL -------------------------------------------------------------------------------------


def _phone_offends(value: str) -> str:
    """Return SQL that is true for a number outside the reserved ranges, except placeholders such as 0600000000."""
    digits = f"regexp_replace(regexp_replace({value}, '[^0-9+]', '', 'g'), '^(?:[+]33|0033)0?', '0')"
    safe = f"(?:{'|'.join(FICTION_PHONE_ROOTS)})[0-9]{{4}}|(?:{'|'.join(UNALLOCATED_MOBILE_PREFIXES)})[0-9]{{6}}"
    return (
        f"CASE WHEN regexp_full_match({value}, '{safe}') THEN false "
        f"ELSE NOT regexp_full_match({digits}, '{safe}|0*|0[1-9]0{{8}}') END"
    )


def _nir_is_impossible(value: str) -> str:
    return f"regexp_matches({value}, '^(?:.{{7}}{IMPOSSIBLE_COMMUNE}|.{{5}}97[0-9]{IMPOSSIBLE_COMMUNE[:2]})')"


def _nir_offends(value: str) -> str:
    """Return SQL that is true for a text that is not a NIR, or a NIR with a valid key whose commune is not 000."""
    departement = f"CASE substr({value}, 6, 2) WHEN '2A' THEN '19' WHEN '2B' THEN '18' ELSE substr({value}, 6, 2) END"
    number = f"TRY_CAST(substr({value}, 1, 5) || {departement} || substr({value}, 8, 6) AS BIGINT)"
    return (
        f"CASE WHEN NOT regexp_full_match({value}, '{_NIR_BODY.pattern}[0-9]{{2}}') THEN true "
        f"WHEN {_nir_is_impossible(value)} THEN false "
        f"ELSE 97 - {number} % 97 = TRY_CAST(right({value}, 2) AS BIGINT) END"
    )


def _mail_offends(value: str) -> str:
    domain = f"(?:[a-z0-9-]+[.])+{SAFE_MAIL_SUFFIX.removeprefix('.')}"
    return f"NOT regexp_full_match(lower({value}), '[^@]*@{domain}')"


def _address_offends(value: str) -> str:
    endings = "|".join(sorted(complement.lower() for complement in FICTIONAL_STREET_COMPLEMENTS))
    return f"NOT regexp_matches({value}, '(?i) (?:{endings})$')"


def _comment_phone_offends(value: str) -> str:
    """Return SQL that is true for a text with a telephone number outside the reserved ranges."""
    number = "(?:^|[^0-9])((?:[+]33|0033|0)[ .-]?[1-9](?:[ .-]?[0-9]{2}){4})"
    return _some_found(value, number, _phone_offends("found"))


def _comment_nir_offends(value: str) -> str:
    """Return SQL that is true for a text with a NIR, with or without key, whose commune is not 000."""
    gap = "[ .-]?"
    parts = ("[1-8]", "[0-9]{2}", "[0-9]{2}", "(?:[0-9]{2}|2[AaBb])", "[0-9]{3}", "[0-9]{3}")
    packed = "regexp_replace(found, '[^0-9A-Za-z]', '', 'g')"
    return _some_found(value, f"(?:^|[^0-9])({gap.join(parts)})", f"NOT {_nir_is_impossible(packed)}")


def _comment_mail_offends(value: str) -> str:
    """Return SQL that is true for a text with a mail address outside `.example`."""
    return _some_found(value, "([^ @<>,;:()]+@[A-Za-z0-9.-]*[A-Za-z0-9])", _mail_offends("found"))


def _some_found(value: str, pattern: str, offends: str) -> str:
    """Return SQL that is true where a match of the first group of `pattern` satisfies `offends`, SQL on `found`."""
    offending = f"list_filter(regexp_extract_all({value}, '{pattern}', 1), lambda found: {offends})"
    return f"CASE WHEN regexp_matches({value}, '{pattern}') THEN len({offending}) > 0 ELSE false END"


@dataclass(frozen=True, slots=True)
class _ValueCheck:
    """A requirement on every value of one column of the lines, and SQL that is true for a value that breaks it."""

    name: str
    column: str
    promise: str
    offends: str


_COMMENT = "administrative_comment"
_VALUE_CHECKS: tuple[_ValueCheck, ...] = tuple(
    _ValueCheck(name, column, promise, offends(f'"{column}"'))
    for name, column, promise, offends in (
        (
            "mobile_phone",
            "mobile_phone",
            "mobile numbers are reserved for fiction or unallocated",
            _phone_offends,
        ),
        ("landline_phone", "landline_phone", "landline numbers are reserved for fiction", _phone_offends),
        ("nir", "nir", "social security numbers have the commune code 000, which does not exist", _nir_offends),
        ("email", "email", "mail domains end in .example", _mail_offends),
        ("address", "address", "streets end with a fictional complement", _address_offends),
        (
            "comment_phones",
            _COMMENT,
            "comments contain no telephone number that could be real",
            _comment_phone_offends,
        ),
        (
            "comment_nirs",
            _COMMENT,
            "comments contain no social security number that could be real",
            _comment_nir_offends,
        ),
        ("comment_emails", _COMMENT, "comments contain no mail address outside .example", _comment_mail_offends),
    )
)

# --- The checks of files ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SyntheticCheck:
    """One check: its name, what it requires, how many files or values were examined, and how many failed.

    No failing value is stored, because it may belong to a real person.
    """

    name: str
    promise: str
    examined: int
    offending: int


@dataclass(frozen=True, slots=True)
class SyntheticReport:
    """The results of all checks on one data set."""

    path: Path
    checks: tuple[SyntheticCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return not any(check.offending for check in self.checks)


def verify_synthetic(
    path: str | os.PathLike[str], *, threads: int | None = None, memory_limit: str = "2GB"
) -> SyntheticReport:
    """Check that a data set is synthetic: made by this toolkit, with no value that could reach a real person.

    `path` is the directory of a data set. Another directory of Parquet files, or a single file, is read as lines of a
    dump and fails. `threads` and `memory_limit` ("2GB") are for DuckDB. Null and blank values are not counted as
    examined.

    Raises `NotADataSetError` when there is no Parquet file at the path, `DataSetError` when one cannot be read,
    and `InputError` when DuckDB refuses the settings.
    """
    root = Path(path)
    files = _parquet_files(root)
    try:
        footers = {file: pq.read_schema(file) for file in files}
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataSetError(f"A Parquet file of {root} cannot be read ({reason}): copy or generate it again.") from None
    directory = root if root.is_dir() else root.parent
    tables = {file: _table_of(file.relative_to(directory)) for file in files}
    return SyntheticReport(
        root,
        (
            _check_footers(footers.values()),
            _check_json(directory / "manifest.json"),
            _check_json(directory / "datapackage.json"),
            _check_tables(tables.values()),
            _check_columns(footers, tables),
            *_check_values(
                [file for file, table in tables.items() if table in (None, schema.LINES)], threads, memory_limit
            ),
        ),
    )


def _parquet_files(root: Path) -> list[Path]:
    """Return the Parquet files at or under a path, sorted; at least one."""
    if not root.exists():
        raise NotADataSetError(f"There is no file or directory {root}: give the directory of a data set.")
    files = sorted(root.rglob("*.parquet")) if root.is_dir() else [root]
    if not files:
        raise NotADataSetError(f"The directory {root} contains no Parquet file: give the directory of a data set.")
    return files


def _table_of(relative: Path) -> schema.Table | None:
    """Return the table of the schema to which a file belongs by its path, or None."""
    for table in schema.TABLES.values():
        if relative.parent == Path(table.files).parent and relative.match(table.files):
            return table
    return None


def _check_footers(footers: Iterable[pa.Schema]) -> SyntheticCheck:
    metadata = [footer.metadata or {} for footer in footers]
    unmarked = sum(entries.get(SYNTHETIC_KEY.encode()) != SYNTHETIC_VALUE.encode() for entries in metadata)
    return SyntheticCheck("parquet_footers", "every Parquet footer is marked as synthetic", len(metadata), unmarked)


def _check_json(file: Path) -> SyntheticCheck:
    """Check that a JSON file exists and has `"synthetic": true`."""
    content: Any = None
    if file.is_file():
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            content = None
    marked = isinstance(content, dict) and content.get(SYNTHETIC_KEY) is True
    return SyntheticCheck(file.stem, f"{file.name} is marked as synthetic", 1, int(not marked))


_SINCE_VERSION_2 = {schema.TRUTH_HANDS.name, "hand_id", "entry", "died_on", "moved_on"}
"""Tables and columns of the truth that leaks of the first version of the scenario do not have."""


def _check_tables(found: Iterable[schema.Table | None]) -> SyntheticCheck:
    present = set(found)
    expected = [table for table in schema.TABLES.values() if table in present or table.name not in _SINCE_VERSION_2]
    missing = sum(table not in present for table in expected)
    return SyntheticCheck("tables", "all tables of a data set are present", len(expected), missing)


def _check_columns(footers: dict[Path, pa.Schema], tables: dict[Path, schema.Table | None]) -> SyntheticCheck:
    """Count files that belong to no table, or whose columns differ from the schema in name, order or type."""
    wrong = sum(table is None or not _agrees(footers[file], table) for file, table in tables.items())
    return SyntheticCheck("columns", "every file has the columns of the schema", len(footers), wrong)


def _agrees(footer: pa.Schema, table: schema.Table) -> bool:
    found = [(field.name, _plain(field.type)) for field in footer]
    expected = [(column.name, column.type) for column in table.columns]
    before = [(name, kind) for name, kind in expected if name not in _SINCE_VERSION_2]
    return found in (expected, before)


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type without the writer's choices: 64-bit offsets, dictionaries, names of list items."""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind


def _check_values(lines: Sequence[Path], threads: int | None, memory_limit: str) -> list[SyntheticCheck]:
    """Run the checks of values in one pass over the lines; a missing column has no values to examine."""
    if not lines:
        return [SyntheticCheck(check.name, check.promise, 0, 0) for check in _VALUE_CHECKS]
    try:
        with _connect(threads, memory_limit) as connection:
            # DuckDB would read brackets and stars in a directory's name as a pattern.
            connection.read_parquet([glob.escape(str(file)) for file in lines], union_by_name=True).create_view("found")
            present = {str(row[0]).lower() for row in connection.sql("DESCRIBE found").fetchall()}
            checks = [check for check in _VALUE_CHECKS if check.column in present]
            counts = connection.sql(_counting(checks)).fetchall()[0] if checks else ()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataSetError(
            f"The lines of the data set cannot be read ({reason}): copy or generate them again."
        ) from None
    pairs = dict(zip((check.name for check in checks), zip(counts[::2], counts[1::2], strict=True), strict=True))
    return [SyntheticCheck(check.name, check.promise, *pairs.get(check.name, (0, 0))) for check in _VALUE_CHECKS]


def _connect(threads: int | None, memory_limit: str) -> duckdb.DuckDBPyConnection:
    settings: dict[str, Any] = {"memory_limit": memory_limit, "preserve_insertion_order": False}
    if threads is not None:
        settings["threads"] = threads
    try:
        connection = duckdb.connect(config=settings)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"DuckDB refused memory_limit={memory_limit!r} and threads={threads!r} ({reason}): "
            'use values such as "4GB" and 2.'
        ) from None
    connection.execute("SET enable_progress_bar = false")
    return connection


def _counting(checks: Sequence[_ValueCheck]) -> str:
    """Return SQL of one row: for each check, the number of values and the number that fail."""
    columns = sorted({check.column for check in checks})
    as_text = ", ".join(f'nullif(trim(CAST("{column}" AS VARCHAR)), \'\') AS "{column}"' for column in columns)
    counts = ", ".join(f'count("{check.column}"), count_if({check.offends})' for check in checks)
    return f"WITH lines AS (SELECT {as_text} FROM found) SELECT {counts} FROM lines"
