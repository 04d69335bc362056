"""First names that are one name: written as they sound, or in one of the forms that people go by.

A file says Mathis where another says Mathys, Fred where another says Frédéric, Fatma where another says Fatima.  How
many letters two names share does not tell: Léa and Léo share as many, and are twins.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

__all__ = ["FORMS", "set_spellings"]

FORMS = Path(__file__).parent / "data" / "first_names.csv"
"""Curated: one row a first name (`form`), with its spellings, short forms and forms in other languages (`variants`,
parted by spaces) as French files hold them.  A short form may stand in several rows (Alex)."""

_SOUNDS = (
    ("PH", "F"), ("KH", "K"), ("TH", "T"), ("GH", "G"), ("DJ", "J"), ("W", "V"),
    ("CHR", "KR"), ("CHL", "KL"), ("SCH", "W"), ("CH", "W"), ("SH", "W"),
    ("EAU", "O"), ("AU", "O"), ("OO", "U"), ("OU", "U"), ("CK", "K"), ("QU", "K"), ("Q", "K"),
    ("GUE", "QE"), ("GUI", "QI"), ("GUY", "QI"), ("GE", "JE"), ("GI", "JI"), ("GY", "JI"), ("Q", "G"),
    ("CE", "SE"), ("CI", "SI"), ("CY", "SI"), ("C", "K"),
    ("AI", "E"), ("EI", "E"), ("AY", "E"), ("EY", "E"), ("Y", "I"), ("Z", "S"), ("H", ""), ("OE", "E"),
    *((letter * 2, letter) for letter in "ABDEFGIJKLMNOPRSTUVW"),
)  # fmt: skip
"""French spelling to sound, in order: letters that sound alike become one, doubled and silent ones go."""


def _sound(text: str) -> str:
    """SQL for how a name sounds; null when hardly a sound is left."""
    text = f"regexp_replace({text}, '[^A-Z]', '', 'g')"
    for written, heard in _SOUNDS:
        text = f"replace({text}, '{written}', '{heard}')"
    text = f"regexp_replace({text}, '(E|S|T|D|X|ES|TS|DS)$', '')"
    return f"CASE WHEN length({text}) >= 2 THEN {text} END"


def set_spellings(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `spellings`, one row a first name of `frequency_first`, all text.

    `first`; `first_sound`: how it sounds, the same for two spellings of one name; `first_form`: the full name that it
    is a form of, itself where it is one; `first_forms`: all full names that it may stand for, each between bars
    ("|ALEXANDRA|ALEXANDRE|").  The forms are null for names that the list does not hold.
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
