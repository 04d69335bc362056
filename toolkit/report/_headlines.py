"""What was found, in a handful of sentences: each number out of what it is, and a link to the cell that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
from markupsafe import Markup

from toolkit.claims import CONSISTENT, CONTRADICTED, DEPENDS, UNTESTABLE
from toolkit.i18n import number, translate
from toolkit.questions import VERDICTS
from toolkit.report._cell_links import Numbers, linked
from toolkit.report._findings import Findings

__all__ = ["Headline", "headlines"]


class Headline:
    """A sentence of the top of the page, in two parts: the finding, and what it rests on."""

    def __init__(self, part: str, finding: str, basis: str, **values: Markup) -> None:
        self.part = part
        # Sentences come from the code and the catalogue; what is put into them is escaped already.
        self.finding, self.basis = (Markup(translate(text).format(**values)) for text in (finding, basis))  # noqa: S704


def headlines(findings: Findings) -> list[Headline]:
    """The findings that the numbers at hand allow, in the order of the page."""
    numbers = Numbers({result.id: result for result in findings.results})
    told = (line for tell in _TELLERS for line in tell(numbers))
    return [*told, *_claims(findings.claims)]


def _size(numbers: Numbers) -> Iterator[Headline]:
    if numbers.has("lines", "records", "repeated_lines", "practices"):
        yield Headline(
            "counts",
            "The dump has {lines} lines, which are {records} records.",
            "{repeated} of the {whole} lines ({share}) repeat a record that stands there already. "
            "They come from {practices} practices. Counted whole: no margin of error.",
            lines=numbers.value("lines"),
            records=numbers.value("records"),
            repeated=numbers.value("repeated_lines"),
            whole=numbers.whole("repeated_lines"),
            share=numbers.share("repeated_lines"),
            practices=numbers.value("practices"),
        )


def _people(numbers: Numbers) -> Iterator[Headline]:
    if numbers.has("people", "people_floor", "people_ceiling"):
        yield Headline(
            "duplicates",
            "Behind the records stand about {people} people.",
            "Linked from {records} records; between {low} and {high} when the linkage is made laxer or stricter, odds "
            "of 64 to 1 either way. Exact keys alone say between {floor} and {ceiling}.",
            people=numbers.value("people"),
            records=numbers.whole("people"),
            low=numbers.low("people"),
            high=numbers.high("people"),
            floor=numbers.value("people_floor"),
            ceiling=numbers.value("people_ceiling"),
        )


def _comments(numbers: Numbers) -> Iterator[Headline]:
    if numbers.has("sensitive_people", "sensitive_share_of_lines", "sensitive_lines"):
        yield Headline(
            "comments",
            "{share} of the people, about {people}, have a comment in their file that reveals something intimate.",
            "Out of {whole} linked people; 95% interval: {low} to {high} people. Of the "
            "{lines} lines it is {line_share} ({line_low} to {line_high}). Estimated from a sample that was judged.",
            share=numbers.share("sensitive_people"),
            people=numbers.value("sensitive_people"),
            whole=numbers.whole("sensitive_people"),
            low=numbers.low("sensitive_people"),
            high=numbers.high("sensitive_people"),
            lines=numbers.whole("sensitive_share_of_lines"),
            line_share=numbers.value("sensitive_share_of_lines"),
            line_low=numbers.low("sensitive_share_of_lines"),
            line_high=numbers.high("sensitive_share_of_lines"),
        )
    elif numbers.has("flagged_lines"):
        yield Headline(
            "comments",
            "The scan hits the comments of {lines} lines, {share} of all.",
            "Out of {whole} lines. These are hits, not an estimate: nobody has judged a sample.",
            lines=numbers.value("flagged_lines"),
            share=numbers.share("flagged_lines"),
            whole=numbers.whole("flagged_lines"),
        )


def _figures(numbers: Numbers) -> Iterator[Headline]:
    if numbers.has("confirmed_figures", "figures_by_name", "chance_hits_by_name", "chance_hits_by_name_birth_date"):
        yield Headline(
            "public-figures",
            "{figures} public figures are confirmed by name and birth date.",
            "Out of {register} in the register; for each the risk of the wrong person is 5% at most. A name alone "
            "proves little: of {pairs} hits by name, chance gives about {chance}; with the birth date, {dated_chance} "
            "of {dated}.",
            figures=numbers.value("confirmed_figures"),
            register=numbers.whole("confirmed_figures"),
            pairs=numbers.whole("chance_hits_by_name"),
            chance=numbers.value("chance_hits_by_name"),
            dated=numbers.whole("chance_hits_by_name_birth_date"),
            dated_chance=numbers.value("chance_hits_by_name_birth_date"),
        )


def _practices(numbers: Numbers) -> Iterator[Headline]:
    by_key = "people_at_several_practices_by_birth_identity"
    if numbers.has("people_at_several_practices", by_key):
        yield Headline(
            "duplicates",
            "{share} of the people, {people}, stand at two practices or more.",
            "Out of {whole} linked people. By names, birth date and sex it would be {key_share} of {key_whole}: an "
            "exact key takes whoever was typed in two ways for two people.",
            share=numbers.share("people_at_several_practices"),
            people=numbers.value("people_at_several_practices"),
            whole=numbers.whole("people_at_several_practices"),
            key_share=numbers.share(by_key),
            key_whole=numbers.whole(by_key),
        )


def _claims(ledger: pl.DataFrame) -> Iterator[Headline]:
    if ledger.is_empty():
        return
    counted = {
        name: linked(number(ledger.filter(pl.col("verdict") == verdict).height), VERDICTS)
        for name, verdict in (
            ("consistent", CONSISTENT),
            ("contradicted", CONTRADICTED),
            ("depending", DEPENDS),
            ("untestable", UNTESTABLE),
        )
    }
    yield Headline(
        "claims",
        "Of {claims} published claims, {consistent} are consistent with this leak and {contradicted} contradicted.",
        "{depending} depend on the definition, {untestable} cannot be tested from the data. Consistent is not proven: "
        "the data could have said no, and did not.",
        claims=linked(number(ledger.height), VERDICTS),
        **counted,
    )


_TELLERS: tuple[Callable[[Numbers], Iterator[Headline]], ...] = (_size, _people, _comments, _figures, _practices)
