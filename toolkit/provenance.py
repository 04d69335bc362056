"""What marks a data set as invented, and the proof that a data set bears those marks.

The maker draws from what stands here; `verify_synthetic` proves it again on the finished files, so that nothing in a
data set can reach a human being:
- telephones come from the roots that Arcep keeps for fiction (decision 2018-0881, article 2.5.12), or from 07 10 to
  07 39, where Arcep's list of 2026 (MAJNUM) has no block given to an operator;
- a social security number (NIR) names the commune 000, which does not exist, so none was ever issued;
- mail domains end in `.example`, which RFC 2606 keeps from being registered;
- a street ends with an invented complement, which no street has.
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
    "FICTION_PHONE_ROOTS",
    "IMPOSSIBLE_COMMUNE",
    "INVENTED_STREET_COMPLEMENTS",
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
"""The key of the marker: in the footer of a Parquet file, and (with the value true) in the two JSON files."""

SYNTHETIC_VALUE = "true: invented data, no real person; made by leak-forensics-toolkit"
"""The value of the marker in the footer of a Parquet file."""

FICTION_PHONE_ROOTS: tuple[str, ...] = ("019900", "026191", "035301", "046571", "053649", "063998")
"""The first six digits of the 60,000 numbers kept for fiction: a root for each zone 01 to 05, then the mobiles."""

UNALLOCATED_MOBILE_PREFIXES: tuple[str, ...] = tuple(f"07{block}" for block in range(10, 40))
"""The first four digits of 30 million mobile numbers that no operator holds."""

IMPOSSIBLE_COMMUNE = "000"
"""The commune in every NIR ('00' after an overseas departement, which takes three characters)."""

SAFE_MAIL_SUFFIX = ".example"
"""How every mail domain ends."""

INVENTED_STREET_COMPLEMENTS: tuple[str, ...] = (
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
"""Endings of invented street names: no known French street carries one, so no address can be somebody's."""


# --- Social security numbers ------------------------------------------------------------------------------------------

_NIR_BODY = re.compile(r"[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{6}")


def nir_key(first13: str) -> str:
    """The two-digit key of a social security number, from its 13 characters.

    The characters are sex (1), year (2) and month (2) of birth, departement (2; 2A and 2B in Corsica, 99 abroad) and
    commune (3), or overseas departement (3) and commune (2), then the order of the birth (3).
    The key is 97 less the remainder of that number by 97, where 2A is read as 19 and 2B as 18 (INSEE, *Numéro
    d'inscription au répertoire*). Raises `InputError` when the text is not laid out so.
    """
    if not _NIR_BODY.fullmatch(first13):
        raise InputError(f"A NIR without its key is 13 digits (2A or 2B in Corsica), not {len(first13)} characters.")
    departement = {"2A": "19", "2B": "18"}.get(first13[5:7], first13[5:7])
    return f"{97 - int(first13[:5] + departement + first13[7:]) % 97:02d}"


# --- The checks of values, in SQL -------------------------------------------------------------------------------------


def _phone_offends(value: str) -> str:
    """True for a number outside the reserved ranges; a placeholder (0000000000, 0600000000) reaches nobody."""
    digits = f"regexp_replace(regexp_replace({value}, '[^0-9+]', '', 'g'), '^(?:[+]33|0033)0?', '0')"
    safe = f"(?:{'|'.join(FICTION_PHONE_ROOTS)})[0-9]{{4}}|(?:{'|'.join(UNALLOCATED_MOBILE_PREFIXES)})[0-9]{{6}}"
    return (
        f"CASE WHEN regexp_full_match({value}, '{safe}') THEN false "
        f"ELSE NOT regexp_full_match({digits}, '{safe}|0*|0[1-9]0{{8}}') END"
    )


def _nir_is_impossible(value: str) -> str:
    return f"regexp_matches({value}, '^(?:.{{7}}{IMPOSSIBLE_COMMUNE}|.{{5}}97[0-9]{IMPOSSIBLE_COMMUNE[:2]})')"


def _nir_offends(value: str) -> str:
    """True for what is not laid out as a NIR, and for a NIR whose key is right and whose commune is not 000."""
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
    endings = "|".join(sorted(complement.lower() for complement in INVENTED_STREET_COMPLEMENTS))
    return f"NOT regexp_matches({value}, '(?i) (?:{endings})$')"


def _comment_phone_offends(value: str) -> str:
    """True for a text that holds a telephone number outside the reserved ranges."""
    number = "(?:^|[^0-9])((?:[+]33|0033|0)[ .-]?[1-9](?:[ .-]?[0-9]{2}){4})"
    return _some_found(value, number, _phone_offends("found"))


def _comment_nir_offends(value: str) -> str:
    """True for a text that holds a NIR, with or without its key, whose commune is not 000."""
    gap = "[ .-]?"
    parts = ("[1-8]", "[0-9]{2}", "[0-9]{2}", "(?:[0-9]{2}|2[AaBb])", "[0-9]{3}", "[0-9]{3}")
    packed = "regexp_replace(found, '[^0-9A-Za-z]', '', 'g')"
    return _some_found(value, f"(?:^|[^0-9])({gap.join(parts)})", f"NOT {_nir_is_impossible(packed)}")


def _comment_mail_offends(value: str) -> str:
    """True for a text that holds a mail address outside `.example`."""
    return _some_found(value, "([^ @<>,;:()]+@[A-Za-z0-9.-]*[A-Za-z0-9])", _mail_offends("found"))


def _some_found(value: str, pattern: str, offends: str) -> str:
    """True where something in the text that matches the first group of `pattern` offends, told of `found`."""
    offending = f"list_filter(regexp_extract_all({value}, '{pattern}', 1), lambda found: {offends})"
    return f"CASE WHEN regexp_matches({value}, '{pattern}') THEN len({offending}) > 0 ELSE false END"


@dataclass(frozen=True, slots=True)
class _ValueCheck:
    """What every value of one column of the lines must be, and the SQL that is true for a value which is not."""

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
            "mobile numbers are reserved for fiction or allocated to nobody",
            _phone_offends,
        ),
        ("landline_phone", "landline_phone", "landline numbers are reserved for fiction", _phone_offends),
        ("nir", "nir", "social security numbers name the commune 000, which does not exist", _nir_offends),
        ("email", "email", "mail domains end in .example", _mail_offends),
        ("address", "address", "streets end with an invented complement", _address_offends),
        (
            "comment_phones",
            _COMMENT,
            "comments hold no telephone number that could be somebody's",
            _comment_phone_offends,
        ),
        (
            "comment_nirs",
            _COMMENT,
            "comments hold no social security number that could be somebody's",
            _comment_nir_offends,
        ),
        ("comment_emails", _COMMENT, "comments hold no mail address outside .example", _comment_mail_offends),
    )
)

# --- The proof --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SyntheticCheck:
    """One check: its name, what it promises, how many files or values were examined, and how many break the promise.

    Examples are never kept: a value that offends may be somebody's.
    """

    name: str
    promise: str
    examined: int
    offending: int


@dataclass(frozen=True, slots=True)
class SyntheticReport:
    """What was found on one data set, check by check."""

    path: Path
    checks: tuple[SyntheticCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing offends."""
        return not any(check.offending for check in self.checks)


def verify_synthetic(
    path: str | os.PathLike[str], *, threads: int | None = None, memory_limit: str = "2GB"
) -> SyntheticReport:
    """Is this data set one of ours, and can nothing in it reach a human being?

    `path` is the directory of a data set; any other directory of Parquet files, or a single one, is read as lines of a
    leak and fails. `threads` and `memory_limit` ("2GB") are for DuckDB. A null or blank value has nothing to prove and
    is not counted as examined.
    Raises `NotADataSetError` when there is no Parquet file at the path, `DataSetError` when one cannot be read,
    and `InputError` when DuckDB refuses the settings.
    """
    root = Path(path)
    files = _parquet_files(root)
    try:
        footers = {file: pq.read_schema(file) for file in files}
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataSetError(f"A Parquet file of {root} cannot be read ({reason}): copy or make it again.") from None
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
    """The Parquet files at or under a path, sorted; at least one."""
    if not root.exists():
        raise NotADataSetError(f"There is no file or directory {root}: give the directory of a data set.")
    files = sorted(root.rglob("*.parquet")) if root.is_dir() else [root]
    if not files:
        raise NotADataSetError(f"The directory {root} holds no Parquet file: give the directory of a data set.")
    return files


def _table_of(relative: Path) -> schema.Table | None:
    """The table of the schema whose files lie where this one does, if there is one."""
    for table in schema.TABLES.values():
        if relative.parent == Path(table.files).parent and relative.match(table.files):
            return table
    return None


def _check_footers(footers: Iterable[pa.Schema]) -> SyntheticCheck:
    metadata = [footer.metadata or {} for footer in footers]
    unmarked = sum(entries.get(SYNTHETIC_KEY.encode()) != SYNTHETIC_VALUE.encode() for entries in metadata)
    return SyntheticCheck(
        "parquet_footers", "every Parquet footer says that the data are invented", len(metadata), unmarked
    )


def _check_json(file: Path) -> SyntheticCheck:
    """Whether a JSON file is there and says `"synthetic": true`."""
    content: Any = None
    if file.is_file():
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            content = None
    marked = isinstance(content, dict) and content.get(SYNTHETIC_KEY) is True
    return SyntheticCheck(file.stem, f"{file.name} says that the data are invented", 1, int(not marked))


def _check_tables(found: Iterable[schema.Table | None]) -> SyntheticCheck:
    present = set(found)
    missing = sum(table not in present for table in schema.TABLES.values())
    return SyntheticCheck("tables", "every table of a data set is there", len(schema.TABLES), missing)


def _check_columns(footers: dict[Path, pa.Schema], tables: dict[Path, schema.Table | None]) -> SyntheticCheck:
    """Files whose columns are not those of the schema, in name, order or type, or that belong to no table."""
    wrong = sum(table is None or not _agrees(footers[file], table) for file, table in tables.items())
    return SyntheticCheck("columns", "every file has the columns of the schema", len(footers), wrong)


def _agrees(footer: pa.Schema, table: schema.Table) -> bool:
    expected = [(column.name, column.type) for column in table.columns]
    return expected == [(field.name, _plain(field.type)) for field in footer]


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type without what a writer adds on its own: 64-bit offsets, dictionaries, names of list items."""
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind


def _check_values(lines: Sequence[Path], threads: int | None, memory_limit: str) -> list[SyntheticCheck]:
    """The checks of values, in one pass over the lines; a column that is not there has no value to examine."""
    if not lines:
        return [SyntheticCheck(check.name, check.promise, 0, 0) for check in _VALUE_CHECKS]
    try:
        with _connect(threads, memory_limit) as connection:
            # A bracket or a star in a directory's name would be taken for a pattern.
            connection.read_parquet([glob.escape(str(file)) for file in lines], union_by_name=True).create_view("found")
            present = {str(row[0]).lower() for row in connection.sql("DESCRIBE found").fetchall()}
            checks = [check for check in _VALUE_CHECKS if check.column in present]
            counts = connection.sql(_counting(checks)).fetchall()[0] if checks else ()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataSetError(f"The lines of the data set cannot be read ({reason}): copy or make them again.") from None
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
    """SQL of one row: for each check, how many values there are and how many offend."""
    columns = sorted({check.column for check in checks})
    as_text = ", ".join(f'nullif(trim(CAST("{column}" AS VARCHAR)), \'\') AS "{column}"' for column in columns)
    counts = ", ".join(f'count("{check.column}"), count_if({check.offends})' for check in checks)
    return f"WITH lines AS (SELECT {as_text} FROM found) SELECT {counts} FROM lines"
