"""Read a register of public figures, from any table with names, into one shape.

Newsrooms keep registers as CSV, Parquet or Excel, with headers in French or English. Columns are recognised by their
header; unknown columns are ignored.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import polars as pl

from toolkit import schema
from toolkit.dataset import Leak, collect
from toolkit.errors import InputError

__all__ = ["HEADERS", "own_register", "read_register", "to_register"]

HEADERS: dict[str, tuple[str, ...]] = {
    "figure_id": ("figure id", "id", "identifiant", "numero", "number"),
    "last_name": ("last name", "nom", "nom d usage", "nom usage", "nom usuel", "nom de famille", "surname",
                  "family name"),
    "birth_name": ("birth name", "nom de naissance", "nom naissance", "nom de jeune fille", "maiden name"),
    "first_name": ("first name", "prenom", "prenoms", "given name", "forename"),
    "sex": ("sex", "sexe", "gender", "genre", "civilite"),
    "birth_date": ("birth date", "date de naissance", "date naissance", "ne e le", "ne le", "date of birth", "dob",
                   "birthdate", "birthday"),
    "departement_code": ("departement code", "code departement", "code du departement", "departement", "dept", "dep",
                         "department"),
    "role": ("role", "fonction", "mandat", "poste", "function", "office", "position"),
    "role_category": ("role category", "categorie", "categorie de role", "categorie de fonction", "category"),
}  # fmt: skip
"""The headers of each column: in lower case, without accents, with a space for all but letters and digits."""

_NAMES = ("last_name", "birth_name", "first_name")
_SEXES = {"M": ("m", "h", "homme", "masculin", "male", "man", "1", "mr", "monsieur"),
          "F": ("f", "femme", "feminin", "female", "woman", "2", "mme", "mlle", "madame", "mrs", "ms")}  # fmt: skip
_DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d")
_DEPARTEMENT = r"^(0[1-9]|[1-9]\d|2[AB]|9[78]\d)$"
_UNKNOWN_ROLE = "not given"
_SHOWN = 5


def read_register(path: str | os.PathLike[str]) -> pl.DataFrame:
    """Read a register of public figures from a CSV, Parquet or Excel file.

    Return one row per figure with the columns of `schema.PUBLIC_FIGURES`, see `to_register`. CSV may use commas,
    semicolons or tabs, in UTF-8 or Windows-1252; of an Excel file the first sheet is read.

    Raises `InputError` when the file is missing, cannot be read, or is not a register.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"There is no file {file}: give the CSV, Parquet or Excel file of a register.")
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"The register {file} ends in {file.suffix!r}: use one of {', '.join(sorted(_READERS))}.")
    try:
        table = reader(file)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise InputError(f"The register {file} cannot be read ({str(error).splitlines()[0]}).") from None
    # The errors of fastexcel have no more precise base class.
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in {"fastexcel", "_fastexcel"}:
            raise
        raise InputError(f"The register {file} cannot be read ({str(error).splitlines()[0]}).") from None
    return to_register(table, str(file))


def own_register(leak: Leak) -> pl.DataFrame:
    """Return the register that came with the leak: one row per figure, with the columns of `schema.PUBLIC_FIGURES`.

    Raises `MissingError` when the data set has no register.
    """
    return collect(leak.public_figures, "figure_id")


def to_register(table: pl.DataFrame, label: str = "given") -> pl.DataFrame:
    """Convert a table of public figures to the columns of `schema.PUBLIC_FIGURES`.

    `table` needs a first name, and a last or a birth name; sex, birth date, departement, role and category are used
    where they are known. Columns are recognised by the headers in `HEADERS`. Without an id, figures are numbered from 1
    in the order of the rows. Sexes are read from M, F, H, Homme, Femme, M., Mme and the like, dates from 1962-12-24
    and 24/12/1962, departements from their code.

    Raises `InputError` when a column is missing or appears twice, an id repeats or is not a whole number, or a name,
    sex, date or departement cannot be read; the message names the register by `label`.
    """
    found = _find_columns(table, label)
    columns = {name: table[header] for name, header in found.items()}
    texts = {name: _text(column) for name, column in columns.items()}
    blank = pl.Series([None], dtype=pl.String).new_from_index(0, table.height)
    birth, last = texts.get("birth_name", blank), texts.get("last_name", blank)
    register = pl.DataFrame(
        {
            "figure_id": _ids(columns.get("figure_id"), table.height, label),
            "last_name": last.fill_null(birth) if last.null_count() else last,
            "birth_name": birth.zip_with(birth.is_not_null(), last),
            "first_name": texts["first_name"],
            "sex": _sexes(texts.get("sex", blank), label),
            "birth_date": _dates(columns.get("birth_date", blank), label),
            "departement_code": _departements(texts.get("departement_code", blank), label),
            "role": texts.get("role", blank).fill_null(_UNKNOWN_ROLE),
            "role_category": texts.get("role_category", texts.get("role", blank)).fill_null(_UNKNOWN_ROLE),
        }
    )
    for name in ("last_name", "first_name"):
        _raise_for(register[name].is_null(), register[name], "have no name in the column", name, label)
    return register.select(schema.PUBLIC_FIGURES.names)


def _read_csv(file: Path) -> pl.DataFrame:
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    header = text.partition("\n")[0]
    separator = max(";,\t", key=header.count)
    return pl.read_csv(text.encode(), separator=separator, infer_schema=False)


def _read_excel(file: Path) -> pl.DataFrame:
    return pl.read_excel(file, engine="calamine", infer_schema_length=None)


_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": pl.read_parquet,
    ".xlsx": _read_excel,
    ".xls": _read_excel,
}


def _find_columns(table: pl.DataFrame, label: str) -> dict[str, str]:
    """Return the header of each column that the table has."""
    by_alias = {alias: name for name, aliases in HEADERS.items() for alias in aliases}
    found: dict[str, str] = {}
    for header in table.columns:
        name = by_alias.get(_plain(header))
        if name in found:
            raise InputError(f"The register {label} has two columns for {name}: {found[name]!r} and {header!r}.")
        if name is not None:
            found[name] = header
    missing = [] if "first_name" in found else ["a first name ('prénom', 'first_name')"]
    if not {"last_name", "birth_name"} & set(found):
        missing.append("a last name ('nom', 'last_name') or birth name ('nom de naissance', 'birth_name')")
    if missing:
        there = ", ".join(table.columns) or "none"
        raise InputError(f"The register {label} lacks {' and '.join(missing)}; its columns are: {there}.")
    return found


def _plain(header: str) -> str:
    letters = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", letters))


def _text(column: pl.Series) -> pl.Series:
    """Return the column as stripped text, null where blank; whole numbers without a decimal point."""
    if column.dtype.is_float():
        column = column.cast(pl.Int64, strict=False)
    stripped = column.cast(pl.String).str.strip_chars()
    return stripped.set(stripped == "", None)


def _ids(column: pl.Series | None, rows: int, label: str) -> pl.Series:
    if column is None:
        return pl.Series(range(1, rows + 1), dtype=pl.Int64)
    ids = _text(column).cast(pl.Int64, strict=False)
    _raise_for(ids.is_null(), column, "are not whole numbers in the column", "figure_id", label)
    _raise_for(ids.is_duplicated(), column, "appear more than once in the column", "figure_id", label)
    return ids


def _sexes(column: pl.Series, label: str) -> pl.Series:
    codes = {text: sex for sex, texts in _SEXES.items() for text in texts}
    plain = column.map_elements(_plain, return_dtype=pl.String)
    sexes = plain.replace_strict(codes, default=None, return_dtype=pl.String)
    _raise_for(sexes.is_null() & column.is_not_null(), column, "are neither M nor F in the column", "sex", label)
    return sexes


def _dates(column: pl.Series, label: str) -> pl.Series:
    if column.dtype in (pl.Date, pl.Datetime):
        return column.cast(pl.Date)
    text = _text(column)
    # A spreadsheet may add a time of day to a date.
    day = text.str.replace(r"[ T]00:00(:00(\.0+)?)?$", "")
    dates = pl.Series([None], dtype=pl.Date).new_from_index(0, len(column))
    for form in _DATE_FORMATS:
        dates = dates.zip_with(dates.is_not_null(), day.str.to_date(form, strict=False))
    unread = dates.is_null() & text.is_not_null()
    _raise_for(unread, text, "are not dates such as 1962-12-24 or 24/12/1962 in the column", "birth_date", label)
    return dates


def _departements(column: pl.Series, label: str) -> pl.Series:
    codes = column.str.to_uppercase().str.zfill(2)
    unknown = codes.is_not_null() & ~codes.str.contains(_DEPARTEMENT).fill_null(False)
    _raise_for(unknown, column, "are not codes such as 35, 2A or 974 in the column", "departement_code", label)
    return codes


def _raise_for(wrong: pl.Series, column: pl.Series, what: str, name: str, label: str) -> None:
    """Raise `InputError` with the first rows (from 1, without the header) where `wrong` is true."""
    rows = [position + 1 for position in wrong.arg_true().to_list()]
    if not rows:
        return
    shown = ", ".join(str(row) for row in rows[:_SHOWN]) + (" and others" if len(rows) > _SHOWN else "")
    # The message must not repeat names, because it may end up in logs.
    value = "" if name in _NAMES else f" (the first is {column[rows[0] - 1]!r})"
    raise InputError(f"In the register {label}, {len(rows)} values {what} {name}: rows {shown}{value}.")
