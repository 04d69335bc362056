"""The findings at the top of the page: a few sentences, each number with its denominator and a link to its cell."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from toolkit.i18n import translate
from toolkit.questions import Headline
from toolkit.report._cell_links import Numbers
from toolkit.report._findings import Findings

__all__ = ["WrittenHeadline", "headlines"]


class WrittenHeadline(NamedTuple):
    """A finding in two sentences, with the name of the question whose section explains it."""

    question: str
    finding: Markup
    basis: Markup


def headlines(findings: Findings) -> list[WrittenHeadline]:
    """Return the findings that the numbers allow, in the order of the page."""
    numbers = Numbers({result.id: result for result in findings.results})
    return [
        WrittenHeadline(question.name, *_written(headline, numbers))
        for question, _ in findings.answered
        for headline in question.headlines
        if _shown(headline, numbers)
    ]


def _shown(headline: Headline, numbers: Numbers) -> bool:
    if headline.unless is not None and headline.unless in numbers:
        return False
    return all(each.id in numbers for each in headline.values.values())


def _written(headline: Headline, numbers: Numbers) -> tuple[Markup, Markup]:
    values = {name: numbers.link(each) for name, each in headline.values.items()}
    # Sentences come from the code and the catalogue; what is filled in is escaped already.
    finding, basis = (Markup(translate(text).format(**values)) for text in (headline.finding, headline.basis))  # noqa: S704
    return finding, basis
