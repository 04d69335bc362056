"""Spellings and forms of the same first name.

One record has Mathis and another Mathys, Fred and Frédéric, or Fatma and Fatima. The number of letters in common does
not distinguish these from different names: Léa and Léo have as many in common, and may be twins.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

__all__ = ["FORMS", "set_spellings"]

FORMS = Path(__file__).parent / "data" / "first_names.csv"
"""A curated list: one row per first name (`form`), with the spellings, short forms and foreign forms that occur in
French records (`variants`, separated by spaces). A short form such as Alex may be in several rows."""

_SOUNDS = (
    ("PH", "F"), ("KH", "K"), ("TH", "T"), ("GH", "G"), ("DJ", "J"), ("W", "V"),
    ("CHR", "KR"), ("CHL", "KL"), ("SCH", "W"), ("CH", "W"), ("SH", "W"),
    ("EAU", "O"), ("AU", "O"), ("OO", "U"), ("OU", "U"), ("CK", "K"), ("QU", "K"), ("Q", "K"),
    ("GUE", "QE"), ("GUI", "QI"), ("GUY", "QI"), ("GE", "JE"), ("GI", "JI"), ("GY", "JI"), ("Q", "G"),
    ("CE", "SE"), ("CI", "SI"), ("CY", "SI"), ("C", "K"),
    ("AI", "E"), ("EI", "E"), ("AY", "E"), ("EY", "E"), ("Y", "I"), ("Z", "S"), ("H", ""), ("OE", "E"),
    *((letter * 2, letter) for letter in "ABDEFGIJKLMNOPRSTUVW"),
)  # fmt: skip
"""Replacements from spelling to sound, in order: merge letters that sound alike, drop doubled and silent ones."""


def _sound(text: str) -> str:
    """Return SQL for the sound of a name; null when fewer than two letters are left."""
    text = f"regexp_replace({text}, '[^A-Z]', '', 'g')"
    for spelling, sound in _SOUNDS:
        text = f"replace({text}, '{spelling}', '{sound}')"
    text = f"regexp_replace({text}, '(E|S|T|D|X|ES|TS|DS)$', '')"
    return f"CASE WHEN length({text}) >= 2 THEN {text} END"


def set_spellings(con: duckdb.DuckDBPyConnection) -> None:
    """Create the table `spellings`, one row per first name of `frequency_first`, all text.

    `first`; `first_sound`: its sound, the same for two spellings of one name; `first_form`: the full name of which it
    is a form, or itself if it is a full name; `first_forms`: all full names it may be short for, each between bars
    ("|ALEXANDRA|ALEXANDRE|"). The forms are null for names that are not in the list.
    """
    names = pl.concat_str("form", "variants", separator=" ").str.split(" ").alias("first")
    con.register("listed", pl.read_csv(FORMS).select("form", names).explode("first").to_arrow())
    con.execute(
        f"""
        CREATE OR REPLACE TABLE spellings AS
        WITH forms AS (
            SELECT first, CASE WHEN bool_or(form = first) THEN first ELSE min(form) END AS first_form,
                concat('|', string_agg(form, '|' ORDER BY form), '|') AS first_forms
            FROM listed GROUP BY first
        )
        SELECT first, {_sound("first")} AS first_sound, first_form, first_forms
        FROM frequency_first LEFT JOIN forms USING (first)
        """
    )
    con.unregister("listed")
