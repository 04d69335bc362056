"""Pictures: what they show is what the table says, and they stay small, sourced and told apart by everybody."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.pictures import (
    CATEGORIES,
    PICTURES,
    SHARING,
    SOURCE,
    outlines,
)
from toolkit import charts
from toolkit.dataset._leak import Leak


def test_every_picture_is_tested() -> None:
    """No picture is made that these tests do not look at."""
    assert {name for name in charts.__all__ if name.islower()} - {"for_page"} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_title_source_and_units(name: str, leak: Leak) -> None:
    """A picture states its finding, what is counted, where it comes from, and the unit of an axis."""
    figure = PICTURES[name](leak)

    finding, *counted = figure.layout.title.text.split("</b><br>")
    assert len(finding) > len("<b>") + 20
    assert 1 == len(counted)
    assert f"Source: {SOURCE}" in [annotation.text for annotation in figure.layout.annotations]
    assert figure.layout.xaxis.title.text or figure.layout.yaxis.title.text or figure.layout.legend.title.text


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_small(name: str, leak: Leak) -> None:
    """What is drawn was counted before: no picture holds more than some hundred points, and a map its outlines."""
    figure = PICTURES[name](leak)

    assert 400 > sum(len(trace.x) for trace in figure.data if trace not in outlines(figure))


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_the_shared_look(name: str, leak: Leak) -> None:
    """Every picture wears the shared template, has a height and leaves its width to the page."""
    figure = PICTURES[name](leak)

    assert charts.TEMPLATE.layout.colorway == figure.layout.template.layout.colorway
    assert (True, None) == (figure.layout.autosize, figure.layout.width)
    assert figure.layout.height >= 250


def test_overview_titles_lines_records_and_people(leak: Leak) -> None:
    """The title says the numbers of the table, and the bar of repeated lines starts where the records end."""
    figure = PICTURES["counts_overview"](leak)

    assert "9 lines are 8 records, and 3 to 6 people, by the key that tells them apart" == figure.layout.meta["title"]
    (bars,) = figure.data
    assert (9, 1, 8, 6, 5, 4, 3) == tuple(bars.x)
    assert (0, 8, 0, 0, 0, 0, 0) == tuple(bars.base)


def test_histogram_counts_every_practice_once() -> None:
    """The bars of the histogram add up to the practices, also for the largest, on the last edge."""
    table = pl.DataFrame({"lines": range(1, 1151)})
    (bars,) = charts.lines_by_practice(table, SOURCE).data

    assert 1150 == sum(bars.y)


def test_largest_tenth_is_told() -> None:
    """Of ten practices, the one with 91 of 100 lines holds 91 % of them."""
    figure = charts.lines_by_practice(pl.DataFrame({"lines": [1] * 9 + [91]}), SOURCE)

    assert "The largest tenth of the 10 practices hold 91.0\u202f% of the lines" in figure.layout.title.text


def test_people_of_two_keys_are_two_traces(leak: Leak) -> None:
    """Each key has its points, and the title says between which shares they put the answer."""
    figure = PICTURES["people_by_practices"](leak)

    assert [(1, 2), (2, 2)] == [tuple(trace.x) for trace in figure.data]
    assert "50.0\u202f% to 66.7\u202f% of the people stand at two practices" in figure.layout.title.text


def test_steps_tell_what_they_take_off_and_the_range_of_people(leak: Leak) -> None:
    """The first step stands alone, the others with what they take off; the title has the range."""
    figure = PICTURES["people_steps"](leak)
    (bars,) = figure.data

    assert "9 lines are 6 people, from 5 to 7" == figure.layout.meta["title"]
    assert ("9", "6 (\u22123)") == tuple(bars.text)
    assert ("lines", "linked people") == tuple(bars.y)


def test_repeats_are_shares_of_all_repeats(leak: Leak) -> None:
    """Of three lines too many two are copies of the export."""
    figure = PICTURES["repeats"](leak)

    assert "3 lines repeat somebody; 66.7\u202f% of these" in figure.layout.title.text
    assert ("2 (66.7\u202f%)", "1 (33.3\u202f%)") == tuple(figure.data[0].text)


def test_people_with_many_records_are_told_together(leak: Leak) -> None:
    """Nine people with four records and one with seven are ten with four or more."""
    figure = PICTURES["cluster_sizes"](leak)

    assert {"1 record": 60, "2 records": 30, "4 records or more": 10} == dict(
        zip(figure.data[0].x, figure.data[0].y, strict=True)
    )
    assert "40.0\u202f% of the people have two records or more" in figure.layout.title.text


def test_sharing_leaves_out_pairs_with_nothing_to_compare(leak: Leak) -> None:
    """The only pair of its departements is as expected by itself: three of four pairs can be judged, one stands out."""
    figure = PICTURES["shared_patients"](leak)
    copied = next(trace for trace in figure.data if trace.name == "looks like one base copied")

    assert "1 of 3 pairs of practices share more than chance explains, and 1 as if" in figure.layout.title.text
    assert ((20.0,), (90,)) == (tuple(copied.x), tuple(copied.y))


def test_sharing_of_few_practices_is_no_finding() -> None:
    """Where every pair is the only one of its departements, the picture says that nothing can be told."""
    figure = charts.shared_patients(SHARING.tail(1), SHARING.clear(), SOURCE)

    assert "Too few practices to tell sharing from chance" in figure.layout.title.text


def test_threshold_is_told_by_how_far_it_moves_the_people(leak: Leak) -> None:
    """From 98 to 103 people around 100 is 5 %; people, precision and recall are a trace each."""
    figure = PICTURES["people_by_threshold"](leak)

    assert "moves the number of people by 5.0\u202f% at most" in figure.layout.title.text
    assert [(98, 99, 103), (90.0, 95.0, 97.0), (99.0, 98.0, 90.0)] == [tuple(trace.y) for trace in figure.data]
    assert ("0",) == tuple(text for text in figure.layout.xaxis.ticktext)


def test_errors_are_told_apart_by_cause(leak: Leak) -> None:
    """Each part of the linkage has a bar for either error, also where it made none."""
    parted, joined = PICTURES["linkage_errors"](leak).data

    assert ("never compared", "scored wrong", "clustered wrong") == tuple(parted.y)
    assert [(4, 0, 0), (0, 5, 0)] == [tuple(parted.x), tuple(joined.x)]


def test_typing_error_that_hides_most_is_on_top(leak: Leak) -> None:
    """Bars are what is missed, the most on top, and records without errors are told as such."""
    figure = PICTURES["missed_by_typing_error"](leak)

    assert ("no typing error", "names swapped") == tuple(figure.data[0].y)
    assert "\u201cnames swapped\u201d: 10.0\u202f% missed" in figure.layout.title.text


def test_bar_of_a_veto_is_cut(leak: Leak) -> None:
    """A weight of 200 bits is drawn as a veto, and what is missing, which weighs nothing, not at all."""
    bars, vetoes = PICTURES["match_weights"](leak).data

    assert (1.0, 25.2, -22.0) == tuple(bars.x)
    assert [("veto",), (bars.y[-1],)] == [tuple(vetoes.text), tuple(vetoes.y)]


def test_weight_of_a_pair_adds_up(leak: Leak) -> None:
    """Each bar starts where the one before ended, and the last is their sum, from nought."""
    (bars,) = PICTURES["weight_of_a_pair"](leak).data

    assert (0, -17.0, 8.0, 5.0, 0) == tuple(bars.base)
    assert (-17.0, 25.0, -3.0, 0.0, 5.0) == tuple(bars.x)


def test_figures_below_the_axis_keep_their_number(leak: Leak) -> None:
    """An expectation too small for a logarithmic axis is drawn at its foot and told in its label."""
    figure = PICTURES["public_figures_tiers"](leak)
    expected = next(trace for trace in figure.data if trace.name == "expected by chance")

    assert ("212", "5.9", "0.016", "0.0006") == tuple(expected.text)
    assert 0.1 == min(expected.x)


def test_a_placebo_is_told_beside_the_real_register(leak: Leak) -> None:
    """The three bars of a tier are what is found, what others' dates find, and what the model expects of these."""
    own, others, model = PICTURES["public_figures_placebo"](leak).data

    assert ("539", "537") == tuple(own.text)
    assert ("5.2", "0") == tuple(others.text)
    assert ("4.8", "0.014") == tuple(model.text)


def test_reliability_shows_bins_and_titles_the_sum(leak: Leak) -> None:
    """The last row is the title's; the others are points, said against true."""
    figure = PICTURES["public_figures_reliability"](leak)

    assert "Of 100 hits 26 are the wrong person, where the model says 25" in figure.layout.title.text
    assert [(1.0, 90.0), (2.0, 96.0)] == [tuple(figure.data[2].x), tuple(figure.data[2].y)]


def test_suppressed_counts_are_not_drawn(leak: Leak) -> None:
    """What is too rare to be shown has no bar."""
    (bars,) = PICTURES["public_figures_exposure"](leak).data

    assert ("address", "telephone number") == tuple(bars.y)
    assert ("40 (80.0\u202f%)", "30 (60.0\u202f%)") == tuple(bars.text)


def test_categories_are_sorted_with_the_largest_on_top(leak: Leak) -> None:
    """Bars run from the largest category, on top, down: what is strict, what more is broad, lines and share of both."""
    strict, broad = PICTURES["comments_by_category"](leak).data

    assert ("violence", "serious illness") == tuple(strict.y) == tuple(broad.y)
    assert ((1, 0), (0, 2)) == (tuple(strict.x), tuple(broad.x))
    assert ("1 (11.1\u202f%)", "2 (22.2\u202f%)") == tuple(broad.text)


def test_practices_beyond_chance_stand_out(leak: Leak) -> None:
    """Each practice with records is one point, coloured by whether chance, or the spread of its peers, explains it."""
    figure = PICTURES["comments_by_practice"](leak)
    points = {trace.name: len(trace.x) for trace in figure.data if trace.mode == "markers"}

    # Rates of 1 %, 0.9 % and 9 % around 3.6 %: none is where chance would have it, in a spread as wide as theirs.
    assert {"within chance": 0, "beyond chance": 3, "odd even among these": 0} == points
    assert "3 of 3 practices write more or less than chance explains" in figure.layout.title.text


def test_only_estimates_have_intervals(leak: Leak) -> None:
    """What was counted whole has no error bars; an estimate has its own ends."""
    counted, estimated = PICTURES["comments_funnel"](leak).data

    assert counted.error_x.array is None
    assert ((1.5,), (1.0,)) == (tuple(estimated.error_x.array), tuple(estimated.error_x.arrayminus))
    assert ("lines",) == tuple(counted.y)


def test_estimate_that_misses_is_not_said_to_hold(leak: Leak) -> None:
    """The title counts the units whose interval holds the truth, and a unit without hits has no mark for them."""
    figure = PICTURES["estimate_and_truth"](leak)
    hits, estimate, truth = figure.data

    assert "The estimate holds the truth for 1 of 2 units" in figure.layout.title.text
    assert (("lines",), ("people", "lines"), (50.0, 22.0)) == (tuple(hits.y), tuple(estimate.y), tuple(truth.x))


def test_kinds_that_never_mislead_are_left_out(leak: Leak) -> None:
    """Bars run from the most misleading kind down, each with its share of the kind; what was never flagged is not."""
    (bars,) = PICTURES["misleading_comments"](leak).data

    assert ("surname", "trade law") == tuple(bars.y)
    assert ("3 (33.3\u202f% of its kind)", "4 (50.0\u202f% of its kind)") == tuple(bars.text)


def test_intervals_that_miss_the_truth_are_told_apart(leak: Leak) -> None:
    """Each audit is a line from its low to its high end; those that miss have a trace of their own."""
    holding, missing = PICTURES["audit_intervals"](leak).data

    assert (5.0, 21.0, None, 10.0, 30.0, None) == tuple(holding.y)
    assert (25.0, 40.0, None) == tuple(missing.y)


def test_nothing_found_is_a_picture_too() -> None:
    """An empty table of categories gives a picture that says so."""
    figure = charts.comments_by_category(CATEGORIES.clear(), SOURCE)

    assert "No sensitive comment found" in figure.layout.title.text


def test_pages_of_pictures_load_nothing(leak: Leak, tmp_path: Path) -> None:
    """A figure written with plotly.js inside asks the network for nothing."""
    page = tmp_path / "page.html"
    PICTURES["lines_by_year"](leak).write_html(page, include_plotlyjs=True)

    assert "<script src=" not in page.read_text(encoding="utf-8")


def test_claims_are_drawn_as_multiples_of_what_was_published(leak: Leak) -> None:
    """A thousand is ten times ten to a scale of ten; days and what nobody measured are left out."""
    published, consistent, depends, contradicted = PICTURES["claims_against_leak"](leak).data

    assert (10.0,) == tuple(contradicted.x)
    assert pytest.approx((20 / 19,), rel=1e-3) == tuple(depends.x)
    assert pytest.approx((13 / 11, 66 / 65), rel=1e-3) == tuple(consistent.x)
    assert pytest.approx((1.0, 15 / 11), rel=1e-3) == tuple(published.x)[:2]
    assert published.x[2] is None
    assert ("line-ns", "triangle-right", "line-ns") == tuple(published.marker.symbol)[-3:]


def test_claims_title_counts_every_verdict(leak: Leak) -> None:
    """The title counts all claims, also those that are not drawn."""
    title = " ".join(PICTURES["claims_against_leak"](leak).layout.title.text.replace("<br>", " ").split())

    told = (
        "Of 6 published claims: 3 consistent with the leak, 1 contradicted, 1 depending on the definition, 1 impossible"
    )
    assert told in title
