"""What the words around a hit change: whether it holds, whether it is said of the patient, and who says it.

Each rule reads the folded text before a hit (its head) or after it (its tail). The words themselves are data
(`cues.csv`); how near they must stand, and to which entries they apply, is written here, one function a question.
The approach is that of NegEx and ConText (Chapman 2001; Harkema 2009), with closed lists of the words that may stand
between a cue and what it governs, instead of a fixed window.
"""

from __future__ import annotations

import polars as pl

from toolkit.analysis.comments._lexicon import Lexicon

__all__ = ["qualify"]

_OPINION_CATEGORIES = ("religion_beliefs", "politics_union", "origin_ethnicity")


def qualify(hits: pl.DataFrame, texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """The hits with their qualifiers: dropped, polarity, about, hearsay.

    `dropped` is true where the words around a hit make it harmless. `polarity` is asserted, negated or hypothetical;
    `about` is patient or relative; `hearsay` is true where somebody else is said to have said it.
    """
    around = (
        hits.join(texts, on="text")
        .join(lexicon.table.drop("id", "parts", "needs", "unless"), on="entry")
        .with_columns(
            head=pl.col("folded").str.slice(0, pl.col("start")),
            tail=pl.col("folded").str.slice(pl.col("end")),
        )
    )
    cue = lexicon.cues
    negated = _negated(cue)
    suspected = _suspected(cue)
    opinion = pl.col("opinion") | pl.col("categories").list.first().is_in(_OPINION_CATEGORIES)
    doubted = negated & ~opinion
    harmless = doubted | _in_a_place(cue) | _in_a_trade(cue) | _in_a_name(cue) | _in_screening(cue) | _ruled_out(cue)
    return around.select(
        *hits.columns,
        "inferred",
        dropped=(harmless & ~pl.col("solid")) | _conditional(cue) | _for_everybody(cue),
        polarity=pl.when(negated)
        .then(pl.lit("negated"))
        .when(suspected)
        .then(pl.lit("hypothetical"))
        .otherwise(pl.lit("asserted")),
        about=pl.when(_of_a_relative(cue)).then(pl.lit("relative")).otherwise(pl.lit("patient")),
        hearsay=_reported(cue),
    )


def _before(pattern: str) -> pl.Expr:
    """True where the head of a hit ends with this pattern, at a word's start."""
    return pl.col("head").str.contains(rf"(?:^| ){pattern}$")


def _after(pattern: str) -> pl.Expr:
    """True where the tail of a hit begins with this pattern, at a word's end."""
    return pl.col("tail").str.contains(rf"^ {pattern}(?: |$)")


def _within(pattern: str) -> pl.Expr:
    """True where the clause of a hit (no stop, comma or colon between) holds this pattern."""
    return pl.col("head").str.contains(rf" {pattern} (?:[^.,:?]* )?$") | pl.col("tail").str.contains(
        rf"^ (?:[^.,:?]* )?{pattern} "
    )


def _near(pattern: str) -> pl.Expr:
    """True where this pattern stands at most three words before or after a hit."""
    before = pl.col("head").str.contains(rf" {pattern} (?:[^ ]+ ){{0,3}}$")
    return before | pl.col("tail").str.contains(rf"^ (?:[^ ]+ ){{0,3}}{pattern} ")


def _negated(cue: dict[str, str]) -> pl.Expr:
    """Is it denied: "pas de", "sans", "nie tout", "HIV : nég", "ne se drogue pas" ?"""
    before = _before(rf"{cue['negation']} (?:{cue['negation_bridge']} ){{0,7}}")
    after = _after(rf"(?:{cue['result_bridge']} ){{0,4}}{cue['negative_result']}")
    minus = pl.col("screen") & pl.col("tail").str.contains(r"^ (?:: )?~ (?:$|[,.]|hiv|vih|vhb|vhc|hcv|hbs)")
    around = pl.col("head").str.ends_with(" ne ") & pl.col("tail").str.contains("^ (?:pas|jamais|aucun)")
    return before | after | minus | around


def _suspected(cue: dict[str, str]) -> pl.Expr:
    """Is it suspected but not known: "probable", "suspicion de", "cancer ?" ?"""
    return _before(rf"{cue['suspicion']} (?:{cue['negation_bridge']} ){{0,4}}") | _after(
        rf"(?:[a-z]+ ){{0,3}}(?:{cue['suspicion']}|a confirmer|\?)"
    )


def _ruled_out(cue: dict[str, str]) -> pl.Expr:
    """Is an examination meant to exclude it: "éliminer un", "bilan pour écarter", "peur d'avoir" ?"""
    feared = _before(rf"{cue['rule_out']} (?:{cue['negation_bridge']} ){{0,5}}")
    return feared | _before(rf"{cue['exclude']} (?:[a-z]+ ){{0,4}}") | _after(cue["ruled_out"])


def _conditional(cue: dict[str, str]) -> pl.Expr:
    """Is it only what to do in case: "si TS au téléphone", "en cas de violences" ?

    What this patient may say again ("si elle redit qu'elle va sauter") tells of the patient all the same.
    """
    begins = rf"(?:^ |^ {cue['stamp']} |[.,:~?=+] |{cue['order']} )"
    clause = rf"{begins}{cue['condition']} (?:[^.,:?~=+]* )?$"
    foretold = rf"{begins}{cue['condition']} {cue['foretold']} (?:[^.,:?~=+]* )?$"
    return pl.col("head").str.contains(clause) & ~pl.col("head").str.contains(foretold)


def _for_everybody(cue: dict[str, str]) -> pl.Expr:
    """Does the text speak to the staff or of all patients, not of one: "consigne", "affiche", "comme à tous" ?"""
    union = pl.col("categories").list.first() == "politics_union"
    said, training = (
        pl.any_horizontal(pl.col("head", "tail").str.contains(f" {cue[role]} ")) for role in ("everybody", "training")
    )
    return said | (training & ~union) | _within(cue["everybody_near"])


def _in_a_place(cue: dict[str, str]) -> pl.Expr:
    """Is it the name of a street or building: "rue de la Mosquée", or where something stands: "face à la prison" ?"""
    street = _before(rf"{cue['street']} (?:{cue['place_bridge']} ){{0,5}}")
    building = _before(rf"{cue['building']} (?:{cue['place_bridge']} ){{1,5}}")
    near = _before(rf"{cue['near']} (?:{cue['place_bridge']} ){{1,4}}")
    return street | building | near


def _in_a_trade(cue: dict[str, str]) -> pl.Expr:
    """Is it somebody's work: "infirmière en psychiatrie", "éducateur PJJ", "SOS Amitié = employeur" ?"""
    bridge = cue["trade_bridge"]
    at_work = _before(rf"{cue['trade']} (?:[a-z]+ )?{bridge} (?:{bridge} ){{0,5}}")
    of_the_field = pl.col("field") & _before(rf"{cue['trade']} (?:{bridge} ){{0,5}}")
    return at_work | of_the_field | _after(cue["employer"])


def _in_a_name(cue: dict[str, str]) -> pl.Expr:
    """Is it a surname or a first name: "Mme Gay", "Juif avec un f" ?"""
    said = _near(cue["about_names"])
    return pl.col("surname") & (_before(f"{cue['title']} ") | _after(cue["name_note"]) | said)


def _in_screening(cue: dict[str, str]) -> pl.Expr:
    """Is it a vaccine, a screening campaign or a routine test, with no positive result ?"""
    return pl.col("screen") & (_within(cue["screening"]) | _after(cue["done"])) & ~_within(cue["positive"])


def _of_a_relative(cue: dict[str, str]) -> pl.Expr:
    """Is a relative the one it is said of, rather than the one who says it, comes along, or does it ?"""
    kin = rf"{cue['kin']} (?:[^.~]* )?$"
    subject = pl.col("head").str.contains(f" {kin}")
    informant = pl.col("head").str.contains(rf" {cue['informant']} (?:{cue['possessive']} )?{kin}")
    owner = pl.col("tail").str.contains(rf"^ (?:[a-z]+ )?(?:de|du|chez) (?:{cue['possessive']} )?{cue['kin']} ")
    return (subject & ~informant) | owner


def _reported(cue: dict[str, str]) -> pl.Expr:
    """Is it hearsay: "il paraît que", "selon la voisine", "aurait", "boirait" ?"""
    return pl.col("folded").str.contains(f" {cue['hearsay']} ") | pl.col("head").str.contains(
        rf" {cue['conditional_verb']} (?:[^.]* )?$"
    )
