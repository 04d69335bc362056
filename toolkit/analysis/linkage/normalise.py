"""Normalise typed values for comparison: the tables `identities` and `records`, one row per record.

Columns of `identities` (text unless noted, null for a missing value or a placeholder). The table is narrow because all
of it must fit in memory for 22 million lines:

- `uid` (integer);
- `last`, `birth`, `first`: capitals without accents, one space between the parts of a compound name, particles joined
  to the next word (`DE LA TOUR` is one name, `DELATOUR`);
- `sex` (M or F); `born` (the integer YYYYMMDD, kept even if there is no such day: a typing error can make 31 February);
- `nir`: the 13 digits without the key, or all of the number if it is not a French one;
- `nir_state` (integer): 2, the number agrees with the birth year, month and sex of the record, and its key is correct
  or unknown; 1, it cannot be checked; 0, it contradicts them, so it is borrowed (from a mother, a husband) or mistyped;
- `nir_key_wrong` (true or false);
- `mobile`, `postal`; `mailbox` (integer): a hash of the e-mail address.

`records` adds `dob` (`born` as text), `email`, `address` (without the kind of street), `city`, `landline`,
`departement`, `first_count` (integer): the number of distinct identities with the first name, to distinguish a typing
error from another name, `first_sound`, `first_form` and `first_forms` (see `_spelling`), and `grown` (true or false):
born 25 years or more before the youngest, so that telephone and mailbox are probably not those of a parent.
"""

from __future__ import annotations

import duckdb

from toolkit.analysis.linkage._spelling import set_spellings
from toolkit.analysis.linkage._sql import first_row, number

__all__ = ["NOT_A_NAME", "complete", "count_names", "normalise"]

NOT_A_NAME = (
    "TEST", "TESTS", "ESSAI", "TESTPATIENT", "PATIENT", "PATIENTTEST", "XXX", "XXXX", "XX", "X", "INCONNU", "INCONNUE",
    "ANONYME", "NOM", "PRENOM", "SANS NOM", "NC", "NR", "NA", "NONE", "NULL", "NEANT", "AZERTY", "QWERTY", "AAA", "ZZZ",
    "DOUBLON", "A SUPPRIMER", "SUPPRIMER", "NE PAS UTILISER", "POUBELLE", "FICTIF", "DEMO", "FORMATION", "LOGICIEL",
)  # fmt: skip
"""Values typed into the name box in place of a name."""

_NEWBORN = "BEBE|BB|BEBES|ENFANT|NOUVEAU|NOURRISSON|JUMEAU|JUMELLE"
"""First words typed in place of the first name of a newborn who has none yet."""
_MARRIED = "NEE|EPOUSE|EPSE|EP|VEUVE|VVE|DIVORCEE"
"""Words between two surnames in one box: the birth name comes after NEE and before the others."""
_CIVILITY = "MME|MR|MLLE|M|MONSIEUR|MADAME"

_PARTICLES = "DE|DU|DES|D|LE|LA|LES|L|DA|DOS|DI|DEL|EL|AL|BEN|BOU|VAN|VON|DER|DEN|N|O|MC|MAC|ST|STE|SAINT|SAINTE"
_STREET_KINDS = (
    "RUE|R|AVENUE|AV|AVE|BOULEVARD|BD|BLD|BLVD|CHEMIN|CHEM|CHE|CH|IMPASSE|IMP|PLACE|PL|ALLEE|ALL|ROUTE|RTE|QUAI|"
    "SQUARE|SQ|COURS|RESIDENCE|RES|LOTISSEMENT|LOT|STREET|ROAD|DRIVE|CLOSE|CRESCENT|CIRCUIT|COURT|DE|DU|DES|LA|LE|LES|L|D"
)

_ACCENTED = "éèêëàâäçîïôöûùüÿœæÉÈÊËÀÂÄÇÎÏÔÖÛÙÜŸŒÆ"


def _repaired(text: str) -> str:
    """Return SQL that restores the letters of `text` that were UTF-8 read as CP1252 ("Ã©" becomes "é")."""
    for letter in _ACCENTED:
        misread = letter.encode().decode("cp1252", errors="replace")
        if "\ufffd" not in misread:
            text = f"replace({text}, '{misread}', '{letter}')"
    return text


def _without_kinds(address: str) -> str:
    """Return SQL that removes the kind of street and the small words from an address with single spaces."""
    words = ", ".join(f"'{word}'" for word in _STREET_KINDS.split("|"))
    return (
        f"array_to_string(list_filter(string_split({address}, ' '), "
        f"lambda word: NOT list_contains([{words}], word)), ' ')"
    )


_SAMPLE_SIZE = 400_000
"""How many records (every n-th) are read to find out how the columns of a table are filled."""
_SAMPLED_COLUMNS = "birth_date, nir, mobile_phone, landline_phone, email"
"""The columns that are read for this."""

# The checks before the regular expressions are for speed: most values need no regular expression.
_MACROS = rf"""
CREATE TYPE sexes AS ENUM ('M', 'F');
CREATE MACRO bare(t) AS upper(CASE WHEN strlen(t) = length(t) THEN t
    WHEN regexp_matches(t, '[ÃÅœŒæÆß]') THEN strip_accents(replace(replace(replace(replace(replace(
        {_repaired("t")}, 'œ', 'oe'), 'Œ', 'OE'), 'æ', 'ae'), 'Æ', 'AE'), 'ß', 'ss'))
    ELSE strip_accents(t) END);
CREATE MACRO spaced(t) AS CASE WHEN regexp_full_match(t, '[A-Z0-9]+([ -][A-Z0-9]+)*') THEN replace(t, '-', ' ')
    ELSE trim(replace(replace(replace(
        regexp_replace(t, '[^A-Z0-9 ]', ' ', 'g'), '  ', ' '), '  ', ' '), '  ', ' ')) END;
CREATE MACRO spaced_name(t) AS CASE WHEN regexp_full_match(t, '[A-Z]+([ -][A-Z]+)*') THEN replace(t, '-', ' ')
    ELSE spaced(CASE WHEN regexp_matches(t, '[A-Z]{{2}}') THEN translate(
        regexp_replace(t, '^(.*) \((.*)\)$', '\2 \1'), '0158', 'OISB') ELSE t END) END;
CREATE MACRO untitled(t) AS CASE WHEN contains(t, ' ') THEN regexp_replace(t, '^({_CIVILITY}) ', '') ELSE t END;
CREATE MACRO two_names(t) AS CASE WHEN contains(t, ' ') AND regexp_matches(t, ' ({_MARRIED}) ')
    THEN regexp_extract(t, '^(.+) ({_MARRIED}) (.+)$', ['before', 'mark', 'after']) END;
CREATE MACRO glue(t) AS CASE WHEN contains(t, ' ')
    THEN regexp_replace(t, '\b({_PARTICLES}) ', '\1', 'g') ELSE t END;
CREATE MACRO a_name(t) AS CASE WHEN t < 'A' OR (length(t) <= 15 AND t IN {NOT_A_NAME}) THEN NULL ELSE t END;
CREATE MACRO a_first_name(t) AS CASE WHEN regexp_matches(t, '^({_NEWBORN})( |$)') THEN NULL ELSE a_name(t) END;
CREATE MACRO digits(t) AS regexp_replace(t, '[^0-9]', '', 'g');
CREATE MACRO phone(t) AS CASE WHEN length(t) = 10 AND TRY_CAST(t AS BIGINT) IS NOT NULL THEN t
    ELSE regexp_replace(digits(t), '^(0033|33)', '0') END;
CREATE MACRO a_phone(t) AS CASE WHEN length(t) < 6 OR length(replace(t, right(t, 1), '')) <= 2
    OR t IN ('0123456789', '0102030405', '0612345678') THEN NULL ELSE t END;
CREATE MACRO day_of(t) AS CASE
    WHEN substr(t, 5, 1) = '-' THEN replace(left(t, 10), '-', '')
    WHEN substr(t, 3, 1) = '/' THEN substr(t, 7, 4) || substr(t, 4, 2) || left(t, 2)
    ELSE nullif(digits(t), '') END;
CREATE MACRO a_day(t) AS CASE WHEN length(t) <> 8 OR t IN ('19000101', '19700101', '11111111', '99999999')
    OR t < '18900101' THEN NULL ELSE t END;
CREATE MACRO a_number(t) AS CASE WHEN length(t) = 15 AND TRY_CAST(t AS BIGINT) IS NOT NULL THEN t
    ELSE nullif(regexp_replace(upper(t), '[^0-9AB]', '', 'g'), '') END;
CREATE MACRO filled_in(n) AS CASE WHEN substr(n, 2, 11) <> substr(n, 3, 11) THEN n END;
CREATE MACRO figures(n) AS coalesce(
    TRY_CAST(n AS BIGINT), TRY_CAST(replace(replace(n, '2A', '19'), '2B', '18') AS BIGINT));
CREATE MACRO is_french(n) AS regexp_full_match(n, '[1-478][0-9]{{5}}[0-9AB][0-9]{{6}}([0-9]{{2}})?');
CREATE MACRO right_key(n) AS 97 - figures(n) // 100 % 97 = figures(n) % 100;
CREATE MACRO departement_of(p) AS CASE
    WHEN length(p) <> 5 THEN left(p, 2) WHEN left(p, 2) IN ('97', '98') THEN left(p, 3)
    WHEN p ^@ '200' OR p ^@ '201' THEN '2A' WHEN p ^@ '20' THEN '2B' ELSE left(p, 2) END;
"""

# There are far fewer spellings of names, days and towns than records: each spelling is normalised once, then looked up.
# In `surnames`, `last` and `birth` are the names that a spelling means in the box of the name in use, which may hold
# both names, and `alone` is what it means in the box of the birth name. One step per subquery: a macro repeats its
# argument, so nested macros would do the same work ten times.
_SPELLED = """
CREATE TEMP TABLE surnames AS
WITH spelled AS (
    SELECT DISTINCT typed
    FROM (SELECT last_name AS typed FROM as_typed UNION ALL SELECT nullif(birth_name, last_name) FROM as_typed)
),
bared AS (SELECT typed, bare(typed) AS name FROM spelled),
plain AS (SELECT typed, spaced_name(name) AS name FROM bared),
halved AS (SELECT typed, untitled(name) AS name, two_names(untitled(name)) AS names FROM plain),
separated AS (
    SELECT typed,
        glue(CASE WHEN names IS NULL THEN name WHEN names.mark = 'NEE' THEN names.before ELSE names.after END) AS last,
        glue(CASE WHEN names.mark = 'NEE' THEN names.after ELSE names.before END) AS birth,
        glue(name) AS alone
    FROM halved
)
SELECT typed, a_name(last) AS last, a_name(birth) AS birth, a_name(alone) AS alone FROM separated;
CREATE TEMP TABLE first_names AS
WITH bared AS (SELECT typed, bare(typed) AS name FROM (SELECT DISTINCT first_name AS typed FROM as_typed)),
plain AS (SELECT typed, spaced_name(name) AS name FROM bared)
SELECT typed, a_first_name(name) AS first FROM plain;
CREATE TEMP TABLE days AS
WITH spelled AS (SELECT DISTINCT birth_date FROM as_typed)
SELECT birth_date AS typed, TRY_CAST(a_day(day_of({birth_date})) AS INTEGER) AS born FROM spelled
"""
_IDENTITIES = """
CREATE TABLE identities AS
WITH looked_up AS (
    SELECT raw.*, names.last, coalesce(births.alone, names.birth) AS birth, first_names.first, days.born
    FROM raw
    LEFT JOIN surnames AS names ON names.typed = last_name
    LEFT JOIN surnames AS births ON births.typed = nullif(birth_name, last_name)
    LEFT JOIN first_names ON first_names.typed = first_name
    LEFT JOIN days ON days.typed = birth_date
),
plain AS (
    SELECT uid, last, birth, first, born, left(upper(sex), 1) AS sex, a_number({nir}) AS number,
        phone({mobile_phone}) AS mobile, mailbox_of(email) AS mailbox,
        nullif(replace(upper(postal_code), ' ', ''), '') AS postal
    FROM looked_up
),
numbered AS (SELECT * REPLACE ({number} AS number) FROM plain),
cleaned AS (
    SELECT * REPLACE (
        a_phone(mobile) AS mobile,
        CASE WHEN sex IN ('M', 'H', '1') THEN 'M' WHEN sex IN ('F', 'W', '2') THEN 'F' END AS sex),
        {first_digits} AS head, {wrong_key} AS nir_key_wrong
    FROM numbered
)
SELECT uid, last, nullif(birth, last) AS birth, first, sex::sexes AS sex, born,
    {nir_of} AS nir, ({state})::TINYINT AS nir_state, nir_key_wrong, mobile,
    CASE WHEN mailbox IS NOT NULL THEN (hash(mailbox) >> 1)::BIGINT END AS mailbox, postal
FROM cleaned;
DROP TABLE surnames; DROP TABLE first_names; DROP TABLE days
"""
_STATE = """CASE WHEN number IS NULL THEN 1 WHEN nir_key_wrong THEN 0 WHEN born IS NULL THEN 1
    WHEN head % 10000 = born // 100 % 10000 AND (head // 10000 = 1) = (sex = 'M') THEN 2
    WHEN head // 100 % 100 <> born // 10000 % 100
        OR (head % 100 <> born // 100 % 100 AND head % 100 BETWEEN 1 AND 12 AND born % 10000 <> 101) THEN 0
    WHEN sex IS NOT NULL AND head // 10000 IN (1, 2) AND (head // 10000 = 1) <> (sex = 'M') THEN 0 ELSE 2 END"""

_TOWNS = """
CREATE OR REPLACE TEMP TABLE towns AS
WITH bared AS (SELECT typed, bare(typed) AS town FROM (SELECT DISTINCT city AS typed FROM as_typed)),
plain AS (SELECT typed, spaced(town) AS town FROM bared)
SELECT typed, glue(town) AS city FROM plain
"""
_DETAILS = rf"""
WITH bared AS (
    SELECT uid, bare(address) AS address, city AS typed, landline_phone, mailbox_of(email) AS email FROM raw {{chosen}}
),
dwelling AS (
    SELECT uid, spaced(address) AS address, city, phone(landline_phone) AS landline, email
    FROM bared LEFT JOIN towns USING (typed)
),
named AS (SELECT * REPLACE ({_without_kinds("address")} AS address) FROM dwelling)
SELECT
    identities.* REPLACE (sex::VARCHAR AS sex), born::VARCHAR AS dob, departement_of(postal) AS departement,
    coalesce(first_count, 0) AS first_count, email, nullif(address, '') AS address, nullif(city, '') AS city,
    CASE WHEN landline NOT IN (SELECT phone(value) FROM overused_landline) THEN a_phone(landline) END AS landline,
    first_sound, first_form, first_forms,
    born <= (SELECT quantile_disc(born, 0.999) FROM identities) - 25_00_00 AS grown
FROM identities JOIN named USING (uid) LEFT JOIN frequency_first ON frequency_first.first = identities.first
    LEFT JOIN spellings ON spellings.first = identities.first
"""


def normalise(con: duckdb.DuckDBPyConnection, rows: int) -> None:
    """Create the table `identities` from the views `raw`, which has `rows` rows, and `as_typed`."""
    con.execute(_MACROS)
    step = max(1, rows // _SAMPLE_SIZE)
    con.execute(f"CREATE TEMP TABLE sampled AS SELECT {_SAMPLED_COLUMNS} FROM raw WHERE uid % {step} = 0")
    limit = max(20, number(con, "SELECT count(*) FROM sampled") // 2000)
    cleaned = {c: _without(c, _overused_values(con, c, limit)) for c in ("nir", "mobile_phone")}
    cleaned["birth_date"] = _without("birth_date", _overused_days(con))
    email = _without("email", _overused_values(con, "email", limit))
    con.execute(f"CREATE MACRO mailbox_of(email) AS CASE WHEN contains(email, '@') THEN lower(trim({email})) END")
    con.execute(
        "CREATE TABLE overused_landline AS SELECT unnest(?::VARCHAR[]) AS value",
        [_overused_values(con, "landline_phone", limit)],
    )
    expressions = _number_expressions(con)
    con.execute("DROP TABLE sampled")
    con.execute(_SPELLED.format(**cleaned))
    con.execute(_IDENTITIES.format(**cleaned, **expressions))


def count_names(con: duckdb.DuckDBPyConnection) -> None:
    """Create `frequency_last` and `frequency_first`, the share of people with each name, and `spellings`.

    Each combination of names and birth date counts once, so that a person with many records does not make a name
    common.
    """
    con.execute(
        """
        CREATE TEMP TABLE people_by_name AS SELECT DISTINCT last, first, born FROM identities;
        CREATE TABLE frequency_last AS
        SELECT last, count(*) / (SELECT count(last) FROM people_by_name) AS tf_last
        FROM people_by_name WHERE last IS NOT NULL GROUP BY last;
        CREATE TABLE frequency_first AS
        SELECT first, count(*) / (SELECT count(first) FROM people_by_name) AS tf_first, count(*)::INTEGER AS first_count
        FROM people_by_name WHERE first IS NOT NULL GROUP BY first;
        DROP TABLE people_by_name
        """
    )
    set_spellings(con)


def complete(con: duckdb.DuckDBPyConnection, uids: str | None = None, into: str = "records") -> None:
    """Create the table `records`: `identities` with address, city and landline, for all records or the uids of a query.

    Normalising addresses takes longer than all other columns together, so for a large table it is done only for the
    records that are compared or used in training.
    """
    chosen = "" if uids is None else f"WHERE uid IN ({uids})"
    con.execute(_TOWNS)
    con.execute(f"CREATE OR REPLACE TABLE {into} AS {_DETAILS.format(chosen=chosen)}; DROP TABLE towns")


def _overused_values(con: duckdb.DuckDBPyConnection, column: str, limit: int) -> list[str]:
    """Return the values on too many records to belong to one person: a practice's telephone, a made-up number."""
    rows = con.execute(
        f"SELECT {column} FROM sampled WHERE {column} IS NOT NULL GROUP BY ALL HAVING count(*) > {limit} ORDER BY ALL"
    ).fetchall()
    return [value for (value,) in rows]


def _overused_days(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the birth dates that were typed for "unknown": over 20 times the 99th percentile of the counts per day."""
    rows = con.execute(
        """
        WITH days AS (SELECT birth_date, count(*) AS n FROM sampled WHERE birth_date IS NOT NULL GROUP BY ALL)
        SELECT birth_date FROM days WHERE n > 50 AND n > 20 * (SELECT quantile_disc(n, 0.99) FROM days) ORDER BY ALL
        """
    ).fetchall()
    return [value for (value,) in rows]


def _without(column: str, values: list[str]) -> str:
    """Return SQL for the column with these values as null."""
    if not values:
        return column
    listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"CASE WHEN {column} NOT IN ({listed}) THEN {column} END"


def _number_expressions(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the SQL for reading the numbers: as NIRs if most are, checked against birth date and key if most agree."""
    french, dated, keyed = first_row(
        con,
        """
        WITH seen AS (SELECT a_number(nir) AS number, day_of(birth_date) AS dob FROM sampled WHERE nir IS NOT NULL)
        SELECT coalesce(avg(is_french(number)::INT), 0) > 0.5,
            coalesce(avg((number[2:5] = dob[3:6])::INT) FILTER (is_french(number)), 0) > 0.4,
            coalesce(avg(right_key(number)::INT) FILTER (is_french(number) AND length(number) = 15), 0) > 0.5
        FROM seen
        """,
    )
    return {
        "number": "CASE WHEN is_french(number) THEN number END" if french else "number",
        "first_digits": "left(number, 5)::INTEGER" if french else "NULL",
        "nir_of": "filled_in(left(number, 13))" if french else "number",
        "wrong_key": "coalesce(length(number) = 15 AND NOT right_key(number), false)" if french and keyed else "false",
        "state": _STATE if french and dated else "1",
    }
