"""Charts: they show the values of their table, with title and source, and stay small."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.chart_examples import (
    CATEGORIES,
    CHARTS,
    SHARING,
    SOURCE,
    outlines,
)
from toolkit import charts
from toolkit.dataset._leak import Leak


def test_every_chart_is_tested() -> None:
    """Every chart function has an example in these tests."""
    assert {name for name in charts.__all__ if name.islower()} - {"for_page"} == set(CHARTS)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_has_title_source_and_units(name: str, leak: Leak) -> None:
    """A chart has a title, a line with what is counted, a source, and the unit of an axis."""
    figure = CHARTS[name](leak)

    finding, *counted = figure.layout.title.text.split("</b><br>")
    assert len(finding) > len("<b>") + 20
    assert 1 == len(counted)
    assert f"Source: {SOURCE}" in [annotation.text for annotation in figure.layout.annotations]
    assert figure.layout.xaxis.title.text or figure.layout.yaxis.title.text or figure.layout.legend.title.text


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_small(name: str, leak: Leak) -> None:
    """No chart holds more than a few hundred points; the map also has its outlines."""
    figure = CHARTS[name](leak)

    assert 400 > sum(len(trace.x) for trace in figure.data if trace not in outlines(figure))


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_has_the_shared_theme(name: str, leak: Leak) -> None:
    """Every chart has the shared template and a height, and leaves its width to the page."""
    figure = CHARTS[name](leak)

    assert charts.TEMPLATE.layout.colorway == figure.layout.template.layout.colorway
    assert (True, None) == (figure.layout.autosize, figure.layout.width)
    assert figure.layout.height >= 250


def test_overview_title_has_lines_records_and_people(leak: Leak) -> None:
    """The title has the numbers of the table, and the bar of repeated lines starts where the records end."""
    figure = CHARTS["counts_overview"](leak)

    assert (
        "9 lines are 8 records and 3 to 6 people, depending on the key used to count them"
        == figure.layout.meta["title"]
    )
    (bars,) = figure.data
    assert (9, 1, 8, 6, 5, 4, 3) == tuple(bars.x)
    assert (0, 8, 0, 0, 0, 0, 0) == tuple(bars.base)


def test_histogram_counts_every_practice_once() -> None:
    """The bars of the histogram add up to the practices, also for the largest, on the last edge."""
    table = pl.DataFrame({"lines": range(1, 1151)})
    (bars,) = charts.lines_by_practice(table, SOURCE).data

    assert 1150 == sum(bars.y)


def test_share_of_the_largest_practices_is_in_the_title() -> None:
    """Of ten practices, the one with 91 of 100 lines holds 91% of them."""
    figure = charts.lines_by_practice(pl.DataFrame({"lines": [1] * 9 + [91]}), SOURCE)

    assert "The largest 10% of the 10 practices hold 91.0% of the lines" in figure.layout.title.text


def test_people_of_two_keys_are_two_traces(leak: Leak) -> None:
    """Each key has its points, and the title has the range of their shares."""
    figure = CHARTS["people_by_practices"](leak)

    assert [(1, 2), (2, 2)] == [tuple(trace.x) for trace in figure.data]
    assert "50.0% to 66.7% of the people have records at two or more practices" in figure.layout.meta["title"]


def test_steps_show_what_they_remove_and_the_range_of_people(leak: Leak) -> None:
    """Every step after the first shows what it removes; the title has the range of people."""
    figure = CHARTS["people_steps"](leak)
    (bars,) = figure.data

    assert "9 lines are 6 people (5 to 7, depending on the threshold)" == figure.layout.meta["title"]
    assert ("9", "6 (\u22123)") == tuple(bars.text)
    assert ("lines", "linked people") == tuple(bars.y)


def test_repeats_are_shares_of_all_repeats(leak: Leak) -> None:
    """Of three lines beyond one per person, two are duplicate exports."""
    figure = CHARTS["repeats"](leak)

    assert "3 lines repeat a person; 66.7% of them" in figure.layout.title.text
    assert ("2 (66.7%)", "1 (33.3%)") == tuple(figure.data[0].text)


def test_people_with_many_records_are_grouped(leak: Leak) -> None:
    """Nine people with four records and one with seven are ten with four or more."""
    figure = CHARTS["cluster_sizes"](leak)

    assert {"1 record": 60, "2 records": 30, "4 records or more": 10} == dict(
        zip(figure.data[0].x, figure.data[0].y, strict=True)
    )
    assert "40.0% of the people have two records or more" in figure.layout.title.text


def test_sharing_leaves_out_pairs_with_nothing_to_compare(leak: Leak) -> None:
    """The only pair of its departements is left out: of the three others, one is above what chance explains."""
    figure = CHARTS["shared_patients"](leak)
    copied = next(trace for trace in figure.data if trace.name == "possible copy of a patient base")

    assert (
        "1 of 3 pairs of practices share more patients than chance explains; possible copies of a patient base: 1"
        == (figure.layout.meta["title"])
    )
    assert ((20.0,), (90,)) == (tuple(copied.x), tuple(copied.y))


def test_sharing_of_few_practices_is_no_finding() -> None:
    """Where every pair is the only one of its departements, the title says that there are too few practices."""
    figure = charts.shared_patients(SHARING.tail(1), SHARING.clear(), SOURCE)

    assert "Too few practices to separate shared patients from chance" in figure.layout.title.text


def test_title_has_the_effect_of_the_threshold(leak: Leak) -> None:
    """From 98 to 103 people around 100 is 5%; people, precision and recall are a trace each."""
    figure = CHARTS["people_by_threshold"](leak)

    assert "The number of people varies by at most 5.0%" in figure.layout.title.text
    assert [(98, 99, 103), (90.0, 95.0, 97.0), (99.0, 98.0, 90.0)] == [tuple(trace.y) for trace in figure.data]
    assert ("0",) == tuple(text for text in figure.layout.xaxis.ticktext)


def test_errors_are_separated_by_cause(leak: Leak) -> None:
    """Each step of the linkage has a bar for both errors, also where it made none."""
    parted, joined = CHARTS["linkage_errors"](leak).data

    assert ("never compared", "scored wrong", "clustered wrong") == tuple(parted.y)
    assert [(4, 0, 0), (0, 5, 0)] == [tuple(parted.x), tuple(joined.x)]


def test_typing_error_with_the_most_missed_records_is_on_top(leak: Leak) -> None:
    """Bars are sorted by the share missed, and records without errors have a label of their own."""
    figure = CHARTS["missed_by_typing_error"](leak)

    assert ("no typing error", "names swapped") == tuple(figure.data[0].y)
    assert "\u201cnames swapped\u201d, 10.0%" in figure.layout.title.text


def test_bar_of_a_veto_is_cut(leak: Leak) -> None:
    """A weight of -200 bits is drawn as a veto; a missing value, which has no weight, has no bar."""
    bars, vetoes = CHARTS["match_weights"](leak).data

    assert (1.0, 25.2, -22.0) == tuple(bars.x)
    assert [("veto",), (bars.y[-1],)] == [tuple(vetoes.text), tuple(vetoes.y)]


def test_weight_of_a_pair_adds_up(leak: Leak) -> None:
    """Each bar starts where the previous one ended; the last is their sum, from zero."""
    (bars,) = CHARTS["weight_of_a_pair"](leak).data

    assert (0, -17.0, 8.0, 5.0, 0) == tuple(bars.base)
    assert (-17.0, 25.0, -3.0, 0.0, 5.0) == tuple(bars.x)


def test_values_below_the_axis_keep_their_number(leak: Leak) -> None:
    """An expected number too small for the logarithmic axis is drawn at its end, with the exact value as label."""
    figure = CHARTS["public_figures_tiers"](leak)
    expected = next(trace for trace in figure.data if trace.name == "expected by chance")

    assert ("212", "5.9", "0.016", "0.0006") == tuple(expected.text)
    assert 0.1 == min(expected.x)


def test_placebo_is_shown_beside_the_real_register(leak: Leak) -> None:
    """The three bars of a tier are the hits with real dates, with swapped dates, and those expected by the model."""
    own, others, model = CHARTS["public_figures_placebo"](leak).data

    assert ("539", "537") == tuple(own.text)
    assert ("5.2", "0") == tuple(others.text)
    assert ("4.8", "0.014") == tuple(model.text)


def test_reliability_title_has_the_sum_of_the_bins(leak: Leak) -> None:
    """The last row is in the title; the others are points, observed against predicted."""
    figure = CHARTS["public_figures_reliability"](leak)

    assert "Of 100 hits, 26 are the wrong person; the model predicts 25" in figure.layout.title.text
    assert [(1.0, 90.0), (2.0, 96.0)] == [tuple(figure.data[2].x), tuple(figure.data[2].y)]


def test_suppressed_counts_are_not_drawn(leak: Leak) -> None:
    """A hidden count has no bar."""
    (bars,) = CHARTS["public_figures_exposure"](leak).data

    assert ("address", "telephone number") == tuple(bars.y)
    assert ("40 (80.0%)", "30 (60.0%)") == tuple(bars.text)


def test_categories_are_sorted_with_the_largest_on_top(leak: Leak) -> None:
    """Bars are sorted by lines, with the strict count and the rest of the broad count, and the total as label."""
    strict, broad = CHARTS["comments_by_category"](leak).data

    assert ("violence", "serious illness") == tuple(strict.y) == tuple(broad.y)
    assert ((1, 0), (0, 2)) == (tuple(strict.x), tuple(broad.x))
    assert ("1 (11.1%)", "2 (22.2%)") == tuple(broad.text)


def test_practices_outside_the_chance_limits_have_a_colour(leak: Leak) -> None:
    """Each practice with records is one point, coloured by the limits it is inside or outside of."""
    figure = CHARTS["comments_by_practice"](leak)
    points = {trace.name: len(trace.x) for trace in figure.data if trace.mode == "markers"}

    # Rates of 1%, 0.9% and 9% around 3.6%: all are outside the chance limits, none outside those with the spread.
    assert {"within the chance limits": 0, "outside the chance limits": 3, "outside both limits": 0} == points
    assert (
        "3 of 3 practices write sensitive comments more or less often than chance explains"
        == figure.layout.meta["title"]
    )


def test_only_estimates_have_intervals(leak: Leak) -> None:
    """A full count has no error bars; an estimate has those of its interval."""
    counted, estimated = CHARTS["comments_funnel"](leak).data

    assert counted.error_x.array is None
    assert ((1.5,), (1.0,)) == (tuple(estimated.error_x.array), tuple(estimated.error_x.arrayminus))
    assert ("lines",) == tuple(counted.y)


def test_title_counts_the_intervals_with_the_true_value(leak: Leak) -> None:
    """The title counts the units whose interval contains the true value; a unit without hits has no mark for them."""
    figure = CHARTS["estimate_and_truth"](leak)
    hits, estimate, truth = figure.data

    assert "The interval contains the true value for 1 of 2 units" in figure.layout.title.text
    assert (("lines",), ("people", "lines"), (50.0, 22.0)) == (tuple(hits.y), tuple(estimate.y), tuple(truth.x))


def test_kinds_without_false_hits_are_left_out(leak: Leak) -> None:
    """Bars are sorted by false hits, with their share of the kind; a kind that was never flagged has no bar."""
    (bars,) = CHARTS["misleading_comments"](leak).data

    assert ("surname", "trade law") == tuple(bars.y)
    assert ("3 (33.3% of its kind)", "4 (50.0% of its kind)") == tuple(bars.text)


def test_intervals_that_miss_the_true_value_are_a_trace(leak: Leak) -> None:
    """Each audit is a line from its low to its high end; those that miss the true value are a separate trace."""
    holding, missing = CHARTS["audit_intervals"](leak).data

    assert (5.0, 21.0, None, 10.0, 30.0, None) == tuple(holding.y)
    assert (25.0, 40.0, None) == tuple(missing.y)


def test_chart_of_no_categories_says_so() -> None:
    """An empty table of categories gives a chart whose title says that nothing was found."""
    figure = charts.comments_by_category(CATEGORIES.clear(), SOURCE)

    assert "No sensitive comment found" in figure.layout.title.text


def test_chart_page_loads_nothing(leak: Leak, tmp_path: Path) -> None:
    """A figure written with plotly.js inside needs no network."""
    page = tmp_path / "page.html"
    CHARTS["lines_by_year"](leak).write_html(page, include_plotlyjs=True)

    assert "<script src=" not in page.read_text(encoding="utf-8")


def test_claims_are_drawn_as_multiples_of_the_published_value(leak: Leak) -> None:
    """1,000 is ten times 10 at a scale of ten; days and claims without a measured value are left out."""
    published, consistent, depends, contradicted = CHARTS["claims_against_leak"](leak).data

    assert (10.0,) == tuple(contradicted.x)
    assert pytest.approx((20 / 19,), rel=1e-3) == tuple(depends.x)
    assert pytest.approx((13 / 11, 66 / 65), rel=1e-3) == tuple(consistent.x)
    assert pytest.approx((1.0, 15 / 11), rel=1e-3) == tuple(published.x)[:2]
    assert published.x[2] is None
    assert ("line-ns", "triangle-right", "line-ns") == tuple(published.marker.symbol)[-3:]


def test_claims_title_counts_every_verdict(leak: Leak) -> None:
    """The title counts all claims, also those that are not drawn."""
    title = " ".join(CHARTS["claims_against_leak"](leak).layout.title.text.replace("<br>", " ").split())

    expected = (
        "Of 6 published claims: 3 consistent with the leak, 1 contradicted, 1 depending on the definition, 1 impossible"
    )
    assert expected in title
