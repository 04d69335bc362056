"""Folded names, and departements of postal codes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import ibis
import ibis.expr.types as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.analysis._folding import departement_of, fold
from toolkit.dataset._leak import Leak
from toolkit.privacy._masking import mask_place

NAMES = {
    "Lefèvre-Œuvrard": "LEFEVRE OEUVRARD",
    "LEFEVRE  OEUVRARD ": "LEFEVRE OEUVRARD",
    "d’Arçay": "D ARCAY",
    "D'ARÇAY": "D ARCAY",
    "Læticia": "LAETICIA",
    "Strauß": "STRAUSS",
    "STRAUẞ": "STRAUSS",
    "Ürgüp": "URGUP",
    "Łódź": "LODZ",
    "Şafak Ğ. İnce": "SAFAK G INCE",
    "Nguyễn": "NGUYEN",
    unicodedata.normalize("NFD", "Zoé Noël"): "ZOE NOEL",
    "\tJean\u00a0Marie\n": "JEAN MARIE",
    "": None,
    " - ' ": None,
    "Δημος": None,
}
CODES: dict[str, str | None] = {
    "35000": "35",
    "01000": "01",
    "20090": "2A",
    "20167": "2A",
    "20200": "2B",
    "20600": "2B",
    "97400": "974",
}
CODES |= {"98800": "988", "3500": None, "": None, "75116": "75"}

Run = Callable[[Callable[[ir.StringColumn], ir.Column], list[str]], list[str | None]]


def run_on(connection: ibis.BaseBackend) -> Run:
    """Apply an expression to texts on an engine, and return the results in the order of the texts."""

    def run(expression: Callable[[ir.StringColumn], ir.Column], texts: list[str]) -> list[str | None]:
        table = ibis.memtable({"place": range(len(texts)), "text": texts})
        results = table.select("place", result=expression(table.text)).order_by("place")
        return list(connection.to_polars(results)["result"])

    return run


duckdb_run = run_on(ibis.duckdb.connect())


def test_names_fold_alike() -> None:
    """Accents, ligatures, case, hyphens, apostrophes and spaces make no difference."""
    assert NAMES == dict(zip(NAMES, duckdb_run(fold, list(NAMES)), strict=True))


def test_departement_of_postal_codes() -> None:
    """Corsica has letters, overseas three digits, and an invalid postal code has no departement."""
    assert CODES == dict(zip(CODES, duckdb_run(departement_of, list(CODES)), strict=True))


def test_departement_agrees_with_the_mask() -> None:
    """Masking shows the same departement of a postal code as is used for comparison."""
    assert CODES == {code: mask_place(code) for code in CODES}


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=1, max_size=50))
def test_folding_twice_is_folding_once(texts: list[str]) -> None:
    """Any folded text has only A to Z, digits and single spaces, and folds to itself."""
    once = duckdb_run(fold, texts)
    not_null = [text for text in once if text is not None]

    assert not_null == (duckdb_run(fold, not_null) if not_null else [])
    assert all(
        set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ") and text == " ".join(text.split())
        for text in not_null
    )


@pytest.mark.spark
def test_spark_folds_as_duckdb_does(spark_leak: Leak) -> None:
    """Every letter of the Latin blocks folds to the same text on both engines."""
    spark_run = run_on(spark_leak._backend._connection)  # type: ignore[attr-defined]
    letters = [f"a{chr(code)}b" for code in (*range(0x20, 0x250), *range(0x300, 0x370), *range(0x1E00, 0x1F00))]
    texts = [*letters, *NAMES]

    assert duckdb_run(fold, texts) == spark_run(fold, texts)
    assert list(CODES.values()) == spark_run(departement_of, list(CODES))
