"""Qualify hits by the words around them: negation, experiencer (patient or relative), hearsay, harmless contexts.

Each rule reads the folded text before a hit (its head) or after it (its tail). The cue words are data (`cues.csv`);
the functions here define how near a cue must be and to which entries it applies. The approach is that of NegEx and
ConText (Chapman 2001; Harkema 2009), except that closed lists of words, not a fixed window, define what may come
between a cue and its hit.
"""

from __future__ import annotations

import polars as pl

from toolkit.analysis.comments._lexicon import Lexicon

__all__ = ["qualify"]

_OPINION_CATEGORIES = ("religion_beliefs", "politics_union", "origin_ethnicity")


def qualify(hits: pl.DataFrame, texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Return the hits with their qualifiers: dropped, polarity, about, hearsay.

    `dropped` is true where the words around a hit make it harmless. `polarity` is asserted, negated or hypothetical;
    `about` is patient or relative; `hearsay` is true where the note reports what another person said.
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
    denied = negated & ~opinion
    harmless = denied | _in_a_place(cue) | _in_a_trade(cue) | _in_a_name(cue) | _in_screening(cue) | _ruled_out(cue)
    return around.select(
        *hits.columns,
        "inferred",
        dropped=(harmless & ~pl.col("solid")) | _conditional(cue) | _for_all_patients(cue),
        polarity=pl.when(negated)
        .then(pl.lit("negated"))
        .when(suspected)
        .then(pl.lit("hypothetical"))
        .otherwise(pl.lit("asserted")),
        about=pl.when(_about_a_relative(cue)).then(pl.lit("relative")).otherwise(pl.lit("patient")),
        hearsay=_hearsay(cue),
    )


def _before(pattern: str) -> pl.Expr:
    """Match where the head of a hit ends with this pattern, at the start of a word."""
    return pl.col("head").str.contains(rf"(?:^| ){pattern}$")


def _after(pattern: str) -> pl.Expr:
    """Match where the tail of a hit begins with this pattern, at the end of a word."""
    return pl.col("tail").str.contains(rf"^ {pattern}(?: |$)")


def _within(pattern: str) -> pl.Expr:
    """Match where this pattern is in the clause of a hit (no stop, comma or colon between)."""
    return pl.col("head").str.contains(rf" {pattern} (?:[^.,:?]* )?$") | pl.col("tail").str.contains(
        rf"^ (?:[^.,:?]* )?{pattern} "
    )


def _near(pattern: str) -> pl.Expr:
    """Match where this pattern is at most three words before or after a hit."""
    before = pl.col("head").str.contains(rf" {pattern} (?:[^ ]+ ){{0,3}}$")
    return before | pl.col("tail").str.contains(rf"^ (?:[^ ]+ ){{0,3}}{pattern} ")


def _negated(cue: dict[str, str]) -> pl.Expr:
    """Match hits that are denied: "pas de", "sans", "nie tout", "HIV : nég", "ne se drogue pas"."""
    before = _before(rf"{cue['negation']} (?:{cue['negation_bridge']} ){{0,7}}")
    after = _after(rf"(?:{cue['result_bridge']} ){{0,4}}{cue['negative_result']}")
    minus = pl.col("screen") & pl.col("tail").str.contains(r"^ (?:: )?~ (?:$|[,.]|hiv|vih|vhb|vhc|hcv|hbs)")
    around = pl.col("head").str.ends_with(" ne ") & pl.col("tail").str.contains("^ (?:pas|jamais|aucun)")
    return before | after | minus | around


def _suspected(cue: dict[str, str]) -> pl.Expr:
    """Match hits that are suspected but not known: "probable", "suspicion de", "cancer ?"."""
    return _before(rf"{cue['suspicion']} (?:{cue['negation_bridge']} ){{0,4}}") | _after(
        rf"(?:[a-z]+ ){{0,3}}(?:{cue['suspicion']}|a confirmer|\?)"
    )


def _ruled_out(cue: dict[str, str]) -> pl.Expr:
    """Match hits that are feared or to be excluded: "éliminer un", "bilan pour écarter", "peur d'avoir"."""
    feared = _before(rf"{cue['rule_out']} (?:{cue['negation_bridge']} ){{0,5}}")
    return feared | _before(rf"{cue['exclude']} (?:[a-z]+ ){{0,4}}") | _after(cue["ruled_out"])


def _conditional(cue: dict[str, str]) -> pl.Expr:
    """Match instructions for a case that has not happened: "si TS au téléphone", "en cas de violences".

    What the patient may repeat ("si elle redit qu'elle va sauter") has happened before, so it is not matched.
    """
    begins = rf"(?:^ |^ {cue['stamp']} |[.,:~?=+] |{cue['order']} )"
    clause = rf"{begins}{cue['condition']} (?:[^.,:?~=+]* )?$"
    foretold = rf"{begins}{cue['condition']} {cue['foretold']} (?:[^.,:?~=+]* )?$"
    return pl.col("head").str.contains(clause) & ~pl.col("head").str.contains(foretold)


def _for_all_patients(cue: dict[str, str]) -> pl.Expr:
    """Match texts for the staff or about all patients, not one: "consigne", "affiche", "comme à tous"."""
    union = pl.col("categories").list.first() == "politics_union"
    general, training = (
        pl.any_horizontal(pl.col("head", "tail").str.contains(f" {cue[role]} ")) for role in ("everybody", "training")
    )
    return general | (training & ~union) | _within(cue["everybody_near"])


def _in_a_place(cue: dict[str, str]) -> pl.Expr:
    """Match names of streets and buildings ("rue de la Mosquée") and landmarks ("face à la prison")."""
    street = _before(rf"{cue['street']} (?:{cue['place_bridge']} ){{0,5}}")
    building = _before(rf"{cue['building']} (?:{cue['place_bridge']} ){{1,5}}")
    near = _before(rf"{cue['near']} (?:{cue['place_bridge']} ){{1,4}}")
    return street | building | near


def _in_a_trade(cue: dict[str, str]) -> pl.Expr:
    """Match occupations and employers: "infirmière en psychiatrie", "éducateur PJJ", "SOS Amitié = employeur"."""
    bridge = cue["trade_bridge"]
    at_work = _before(rf"{cue['trade']} (?:[a-z]+ )?{bridge} (?:{bridge} ){{0,5}}")
    of_the_field = pl.col("field") & _before(rf"{cue['trade']} (?:{bridge} ){{0,5}}")
    return at_work | of_the_field | _after(cue["employer"])


def _in_a_name(cue: dict[str, str]) -> pl.Expr:
    """Match surnames and first names: "Mme Gay", "Juif avec un f"."""
    named = _before(f"{cue['title']} ") | _after(cue["name_note"]) | _near(cue["about_names"])
    return pl.col("surname") & named


def _in_screening(cue: dict[str, str]) -> pl.Expr:
    """Match vaccines, screening campaigns and routine tests without a positive result."""
    return pl.col("screen") & (_within(cue["screening"]) | _after(cue["done"])) & ~_within(cue["positive"])


def _about_a_relative(cue: dict[str, str]) -> pl.Expr:
    """Match hits about a relative, but not where the relative only reports, accompanies or acts."""
    kin = rf"{cue['kin']} (?:[^.~]* )?$"
    subject = pl.col("head").str.contains(f" {kin}")
    informant = pl.col("head").str.contains(rf" {cue['informant']} (?:{cue['possessive']} )?{kin}")
    owner = pl.col("tail").str.contains(rf"^ (?:[a-z]+ )?(?:de|du|chez) (?:{cue['possessive']} )?{cue['kin']} ")
    return (subject & ~informant) | owner


def _hearsay(cue: dict[str, str]) -> pl.Expr:
    """Match hearsay: "il paraît que", "selon la voisine", "aurait", "boirait"."""
    return pl.col("folded").str.contains(f" {cue['hearsay']} ") | pl.col("head").str.contains(
        rf" {cue['conditional_verb']} (?:[^.]* )?$"
    )
