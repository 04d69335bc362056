"""The tables and columns of a data set: name, type, meaning, and how personal each column is.

The generator (`toolkit.synth`) and the analysis (`toolkit.analysis`) share this module and nothing else. It imports no
other module of the toolkit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

__all__ = [
    "CATEGORIES",
    "LINES",
    "PRACTICES",
    "PRACTITIONERS",
    "PUBLIC_FIGURES",
    "TABLES",
    "TRUTH_HANDS",
    "TRUTH_LINES",
    "Column",
    "Personal",
    "Table",
]


CATEGORIES = (
    "serious_illness",
    "mental_health",
    "addiction",
    "violence",
    "sexual_life",
    "reproductive",
    "religion_beliefs",
    "origin_ethnicity",
    "politics_union",
    "criminal_justice",
    "family_life",
    "social_situation",
)
"""Categories of sensitive comments (GDPR articles 9 and 10, and data that the CNIL calls highly personal)."""


class Personal(StrEnum):
    """How personal a column is, from no personal data to special categories."""

    NONE = "none"
    """No personal data (a position in the dump, a practice's commune)."""
    PSEUDONYM = "pseudonym"
    """A number for a person or a record, which identifies no one without a lookup table."""
    QUASI_IDENTIFIER = "quasi_identifier"
    """Identifies a person in combination with other columns (sex, birth date, postal code)."""
    DIRECT_IDENTIFIER = "direct_identifier"
    """Identifies a person by itself (name, NIR, telephone, address)."""
    SPECIAL_CATEGORY = "special_category"
    """May reveal data protected by articles 9 and 10 of the GDPR (the free comment, and columns derived from it)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type, meaning in one sentence, and how personal it is."""

    name: str
    type: pa.DataType
    meaning: str
    personal: Personal = Personal.NONE
    nullable: bool = True
    """Whether a data set may leave the column blank."""
    always_generated: bool = False
    """Whether the generator fills a nullable column on every row; a dump from elsewhere may lack it."""

    @property
    def required(self) -> bool:
        """Whether the column is filled on every row of a generated table."""
        return self.always_generated or not self.nullable


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, the path pattern of its Parquet files, what a row is, and its columns."""

    name: str
    files: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in stored order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`; raise `KeyError` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name!r} has no column {name!r}")

    def arrow_schema(self) -> pa.Schema:
        """Return the Arrow schema of this table in any data set."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])

    def generated_schema(self) -> pa.Schema:
        """The Arrow schema of the Parquet files that the generator writes: it marks more columns as never null."""
        return pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in self.columns])


_QUASI = Personal.QUASI_IDENTIFIER
_DIRECT = Personal.DIRECT_IDENTIFIER
_SPECIAL = Personal.SPECIAL_CATEGORY
_PSEUDONYM = Personal.PSEUDONYM

LINES = Table(
    "lines",
    "lines/*.parquet",
    "one line of the dump",
    (
        Column("line_id", pa.int64(), "Position of the line in the dump, from 0.", nullable=False),
        Column(
            "record_id",
            pa.int64(),
            "Number of the record in the program; the same on lines exported twice.",
            _PSEUDONYM,
            always_generated=True,
        ),
        Column("practice_id", pa.int32(), "Practice that holds the record.", always_generated=True),
        Column("practitioner_id", pa.int32(), "Practitioner whose account holds the record.", always_generated=True),
        Column("last_name", pa.string(), "Name in use, as typed.", _DIRECT),
        Column("birth_name", pa.string(), "Name at birth, as typed.", _DIRECT),
        Column("first_name", pa.string(), "First name, as typed.", _DIRECT),
        Column("sex", pa.string(), "'M' or 'F'; null where it was not filled in.", _QUASI),
        Column("birth_date", pa.date32(), "Date of birth.", _QUASI),
        Column("nir", pa.string(), "Social security number: 13 digits and a key of 2, no spaces.", _DIRECT),
        Column("address", pa.string(), "Number and street.", _DIRECT),
        Column("postal_code", pa.string(), "Postal code, five characters.", _QUASI),
        Column("city", pa.string(), "City.", _QUASI),
        Column("mobile_phone", pa.string(), "Mobile telephone, ten digits.", _DIRECT),
        Column("landline_phone", pa.string(), "Landline telephone of the household, ten digits.", _DIRECT),
        Column("email", pa.string(), "E-mail address.", _DIRECT),
        Column("administrative_comment", pa.string(), "Free text typed by practice staff; null when blank.", _SPECIAL),
        Column("created_on", pa.date32(), "Day the record was created at the practice.", always_generated=True),
        Column("updated_on", pa.date32(), "Day the record was last changed.", always_generated=True),
    ),
)

PRACTICES = Table(
    "practices",
    "practices.parquet",
    "one practice",
    (
        Column("practice_id", pa.int32(), "Number of the practice, from 1.", nullable=False),
        Column("practitioners", pa.int32(), "Number of practitioners of the practice.", nullable=False),
        Column("specialty", pa.string(), "Specialty of the practice.", nullable=False),
        Column("insee_code", pa.string(), "INSEE code of the commune of the practice.", nullable=False),
        Column("postal_code", pa.string(), "Postal code of the practice.", nullable=False),
        Column("city", pa.string(), "Name of the commune.", nullable=False),
        Column("departement_code", pa.string(), "Departement of the commune.", nullable=False),
        Column("region_code", pa.string(), "Region of the commune.", nullable=False),
        Column("installed_on", pa.date32(), "Day the practice began to use the program.", nullable=False),
    ),
)

PRACTITIONERS = Table(
    "practitioners",
    "practitioners.parquet",
    "one practitioner",
    (
        Column("practitioner_id", pa.int32(), "Number of the practitioner, from 1.", nullable=False),
        Column("practice_id", pa.int32(), "Practice where the practitioner works.", nullable=False),
        Column("last_name", pa.string(), "Last name.", _DIRECT, nullable=False),
        Column("first_name", pa.string(), "First name.", _DIRECT, nullable=False),
        Column("sex", pa.string(), "'M' or 'F'.", _QUASI, nullable=False),
        Column("specialty", pa.string(), "Specialty.", nullable=False),
    ),
)

PUBLIC_FIGURES = Table(
    "public_figures",
    "public_figures.parquet",
    "one public figure",
    (
        Column("figure_id", pa.int32(), "Number of the figure, from 1.", nullable=False),
        Column("last_name", pa.string(), "Name in use.", _DIRECT, nullable=False),
        Column("birth_name", pa.string(), "Name at birth.", _DIRECT, nullable=False),
        Column("first_name", pa.string(), "First name.", _DIRECT, nullable=False),
        Column("sex", pa.string(), "'M' or 'F'.", _QUASI, nullable=False),
        Column("birth_date", pa.date32(), "Date of birth; null where the register does not give it.", _QUASI),
        Column(
            "departement_code", pa.string(), "Departement where the figure lives, according to the register.", _QUASI
        ),
        Column("role", pa.string(), "Public role.", nullable=False),
        Column("role_category", pa.string(), "Category of the role.", nullable=False),
    ),
)

TRUTH_LINES = Table(
    "truth_lines",
    "truth/lines/*.parquet",
    "the truth about one line of the dump (synthetic data only)",
    (
        Column("line_id", pa.int64(), "Position of the line in the dump, from 0.", nullable=False),
        Column("record_id", pa.int64(), "Number of the record in the program.", _PSEUDONYM, nullable=False),
        Column("person_id", pa.int64(), "Number of the person; null for test and placeholder records.", _PSEUDONYM),
        Column("repeated_line", pa.bool_(), "True where an earlier line has the same record.", nullable=False),
        Column("sentinel", pa.bool_(), "True for test and placeholder records.", nullable=False),
        Column("hand_id", pa.int32(), "Who typed the record, in `truth_hands`.", _PSEUDONYM),
        Column(
            "entry",
            pa.string(),
            "'visit'; 'late' where it was dated some days before it was entered; 'import' from an older program; "
            "'transfer' of a retired colleague's record as it was.",
        ),
        Column("died_on", pa.date32(), "Day the person died; null for the living.", _SPECIAL),
        Column(
            "moved_on", pa.date32(), "Day the person left the address of the line; null where it is the present one."
        ),
        Column("figure_id", pa.int32(), "Public figure of the line; null for everyone else.", _PSEUDONYM),
        Column("comment_sensitive", pa.bool_(), "True where the comment is sensitive.", nullable=False),
        Column(
            "comment_category",
            pa.string(),
            "Categories of a sensitive comment, main category first, joined by '|'; null otherwise.",
            _SPECIAL,
        ),
        Column("comment_family", pa.string(), "Family of phrases of the comment; null when blank."),
        Column("comment_held_out", pa.bool_(), "True where that family is held out for evaluation; null when blank."),
        Column("comment_polarity", pa.string(), "'asserted', 'negated' or 'hypothetical'; null when blank."),
        Column("comment_about", pa.string(), "'patient', 'relative' or 'other'; null when blank."),
        Column(
            "errors",
            pa.list_(pa.string()),
            "Names of the typing errors of the line; empty when there are none.",
            nullable=False,
        ),
    ),
)

TRUTH_HANDS = Table(
    "truth_hands",
    "truth/hands.parquet",
    "one secretary of a practice, or its import of an older program's base (synthetic data only)",
    (
        Column("hand_id", pa.int32(), "Number of the hand, from 1.", _PSEUDONYM, nullable=False),
        Column("practice_id", pa.int32(), "Practice of the hand.", nullable=False),
        Column("imported", pa.bool_(), "True for the import of an older program's base.", nullable=False),
        Column("first_day", pa.date32(), "First day on which the hand entered records.", nullable=False),
        Column("last_day", pa.date32(), "Last day on which the hand entered records.", nullable=False),
        Column("capitals", pa.bool_(), "True where most names are typed in capitals.", nullable=False),
        Column("loses_accents", pa.bool_(), "True where most names lose their accents.", nullable=False),
        Column("loses_hyphens", pa.bool_(), "True where most names lose hyphens and particles.", nullable=False),
        Column("checks_nir", pa.bool_(), "True where the program refuses a NIR with a wrong key.", nullable=False),
        Column(
            "address_form",
            pa.string(),
            "How addresses are most often written: 'plain', 'comma', 'capital' or 'abbreviated'.",
            nullable=False,
        ),
        Column(
            "phone_format",
            pa.string(),
            "How telephone numbers look in the practice's own program, as an example; the lines have ten digits.",
            nullable=False,
        ),
    ),
)

TABLES = {table.name: table for table in (LINES, PRACTICES, PRACTITIONERS, PUBLIC_FIGURES, TRUTH_LINES, TRUTH_HANDS)}
