"""One example of every chart, from small tables by hand and from the nine lines of `conftest`."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import polars as pl

from toolkit import charts
from toolkit.analysis import ages, counts, duplicates, public_figures
from toolkit.analysis.stats._funnel_plot import funnel
from toolkit.dataset._leak import Leak

SOURCE = "nine lines by hand"
CATEGORIES = pl.DataFrame(
    {
        "category": ["violence", "serious_illness"],
        "strict_lines": [1, 0],
        "lines": [1, 2],
        "share": [1 / 9, 2 / 9],
    }
)
PRACTICES = funnel(
    pl.DataFrame({"practice_id": [1, 2, 3, 4], "flagged": [10, 9, 90, 0], "records": [1000, 1000, 1000, 0]}),
    "flagged",
    "records",
)
STEPS = pl.DataFrame(
    {"stage": ["lines", "sensitive people"], "value": [9.0, 2.5], "low": [None, 1.5], "high": [None, 4.0]}
)
ESTIMATE = pl.DataFrame(
    {
        "unit": ["lines", "people"],
        "hits": [0.3, None],
        "value": [0.2, 0.4],
        "low": [0.1, 0.3],
        "high": [0.25, 0.45],
        "true": [0.22, 0.5],
    }
)
MISLEADING = pl.DataFrame({"kind": ["surname", "trade_law", "diet"], "lines": [9, 8, 7], "flagged": [3, 4, 0]})
MISLEADING = MISLEADING.with_columns(share=pl.col("flagged") / pl.col("lines"))
AUDITS = pl.DataFrame(
    {"seed": [1, 2, 3], "true": 0.2, "value": [0.2, 0.1, 0.3], "low": [0.1, 0.05, 0.25], "high": [0.3, 0.21, 0.4]}
).with_columns(holds=pl.Series([True, True, False]))
TIERS = pl.DataFrame(
    {
        "tier": list(public_figures.TIERS),
        "definition": list(public_figures.TIERS.values()),
        "hits": [876, 539, 537, 518],
        "expected_by_chance": [212.4, 5.9, 0.016, 0.0006],
    }
)
PLACEBO = pl.DataFrame(
    {
        "tier": ["name_birth_year", "name_birth_date"],
        "rounds": 20,
        "hits": [5.2, 0.0],
        "expected_by_chance": [4.8, 0.014],
    }
)
CURVE = pl.DataFrame(
    {
        "p_from": [0.0, 0.8, 0.0],
        "p_to": [0.05, 0.95, 1.0],
        "hits": [75, 25, 100],
        "predicted": [0.75, 22.5, 25.2],
        "wrong": [2, 24, 26],
        "low": [0, 19, 22],
        "high": [3, 25, 28],
        "share_predicted": [0.01, 0.9, 0.252],
        "share_wrong": [0.02, 0.96, 0.26],
    }
)
EXPOSURE = pl.DataFrame(
    {"role_category": ["all"], "figures": [50], "address": [40], "phone": [30]}
    | {name: pl.Series([None], dtype=pl.Int64) for name in ("email", "nir", "comment", "sensitive_comment")}
)

WATERFALL = pl.DataFrame(
    {
        "step": ["lines", "linked people"],
        "n": [9, 6],
        "rule": ["every line of the dump", "records that the linkage model assigns to different people"],
    }
)
REPEATS = pl.DataFrame({"kind": ["lines exported twice", "placeholder records"], "n": [2, 1]})
SIZES = pl.DataFrame({"records": [1, 2, 4, 7], "people": [60, 30, 9, 1]})
SHARING = pl.DataFrame(
    {
        "practice_a": [1, 1, 2, 5],
        "practice_b": [2, 3, 3, 6],
        "shared": [90, 9, 12, 7],
        "expected": [20.0, 11.0, 11.0, 7.0],
        "overlap": [0.9, 0.1, 0.1, 0.1],
        "surprise": [15.7, -0.6, 0.3, 0.0],
    }
)
SWEEP = pl.DataFrame(
    {
        "threshold": [-1.0, 0.0, 1.0],
        "people": [98, 99, 103],
        "pair_precision": [0.9, 0.95, 0.97],
        "pair_recall": [0.99, 0.98, 0.9],
    }
)
CAUSES = pl.DataFrame({"error": ["parted", "joined"], "cause": ["never compared", "scored wrong"], "pairs": [4, 5]})
KINDS = pl.DataFrame({"kind": ["none", "names_swapped"], "records": [70, 30], "recall": [1.0, 0.9]})
WEIGHTS = pl.DataFrame(
    {
        "comparison": ["sex", "sex", "nir", "nir"],
        "degree": ["missing", "same", "same number, fits both records", "different numbers, each fits its record"],
        "bits": [None, 1.0, 25.2, -200.0],
        "veto": [False, False, False, True],
    }
)
PAIR = pl.DataFrame(
    {
        "comparison": ["start", "nir", "sex", "names"],
        "seen": ["any two records", "same number, fits both records", "other", "missing"],
        "one": [None, "[hidden]", "F", None],
        "other": [None, "[hidden]", "M", None],
        "bits": [-17.0, 25.0, -3.0, 0.0],
    }
)

DEPARTEMENTS = counts.inhabitants().with_columns(
    practices=pl.when(pl.col("departement_code") == "01").then(0).otherwise(2),
    records=pl.when(pl.col("departement_code") == "02").then(9).otherwise(pl.col("inhabitants") // 100),
)
DEPARTEMENTS = DEPARTEMENTS.with_columns(records_per_1000=1000 * pl.col("records") / pl.col("inhabitants"))

CLAIMS = pl.DataFrame(
    {
        "id": [
            "people_range",
            "lines_ministry",
            "sensitive_people_misread",
            "claimed_lines",
            "detected",
            "authenticity",
        ],
        "published": ["11 to 15", "19", "10", "more than 65", "end of 2025", "yes"],
        "measured": [13.0, 20.0, 1000.0, 66.0, 20419.0, None],
        "low": [12.0, 20.0, 900.0, 66.0, 20419.0, None],
        "high": [14.0, 20.0, 1100.0, 67.0, 20420.0, None],
        "unit": ["people", "lines", "people", "records", "day", "people"],
        "definition": ["people", "lines", "people", "records", "day", "people"],
        "verdict": [
            "consistent",
            "depends on the definition",
            "contradicted",
            "consistent",
            "consistent",
            "cannot be tested from the data",
        ],
        "published_low": [11.0, 19.0, 10.0, 65.0, 20362.0, None],
        "published_high": [15.0, 19.0, 10.0, None, 20453.0, None],
        "scale": [1.0, 1.0, 10.0, 1.0, 1.0, 1.0],
    }
)


def both_keys(leak: Leak) -> pl.DataFrame:
    """People by number of practices, by two keys."""
    return pl.concat([duplicates.practices_per_person(leak, key) for key in duplicates.EXACT_KEYS])


SPREAD = pl.DataFrame(
    {
        # The caller translates the labels.
        "label": ["N1", "N1", "N2", "N2"],
        "seed": [1, 2, 1, 2],
        "value": [9.0, 11.0, 99.0, 104.0],
        "low": [None, None, 98.0, 103.0],
        "high": [None, None, 101.0, 106.0],
        "planted": [None, None, 100.0, 100.0],
    }
)

WEEKDAYS = pl.DataFrame(
    {"weekday": list(range(1, 8)), "created": [20, 18, 16, 17, 19, 8, None], "changed": [21, 17, 15, 18, 18, 9, None]}
)

CHARTS: dict[str, Callable[[Leak], go.Figure]] = {
    "claims_against_leak": lambda _: charts.claims_against_leak(CLAIMS, SOURCE),
    "counts_overview": lambda leak: charts.counts_overview(counts.overview(leak), SOURCE),
    "completeness": lambda leak: charts.completeness(counts.completeness(leak), SOURCE),
    "people_by_age": lambda leak: charts.people_by_age(ages.count_ages(leak).table, SOURCE),
    "lines_by_year": lambda leak: charts.lines_by_year(counts.by_year(leak), SOURCE),
    "lines_by_practice": lambda leak: charts.lines_by_practice(counts.by_practice(leak), SOURCE),
    "departement_map": lambda _: charts.departement_map(DEPARTEMENTS, SOURCE),
    "people_by_practices": lambda leak: charts.people_by_practices(both_keys(leak), SOURCE),
    "people_steps": lambda _: charts.people_steps(WATERFALL, 5, 7, SOURCE),
    "repeats": lambda _: charts.repeats(REPEATS, SOURCE),
    "cluster_sizes": lambda _: charts.cluster_sizes(SIZES, SOURCE),
    "shared_patients": lambda _: charts.shared_patients(SHARING, SHARING.head(1), SOURCE),
    "people_by_threshold": lambda _: charts.people_by_threshold(SWEEP, 0.0, 100, SOURCE),
    "linkage_errors": lambda _: charts.linkage_errors(CAUSES, SOURCE),
    "missed_by_typing_error": lambda _: charts.missed_by_typing_error(KINDS, SOURCE),
    "match_weights": lambda _: charts.match_weights(WEIGHTS, SOURCE),
    "weight_of_a_pair": lambda _: charts.weight_of_a_pair(PAIR, 0.0, SOURCE),
    "realism_chart": lambda _: charts.realism_chart("weekdays", WEEKDAYS, SOURCE),
    "spread_over_seeds": lambda _: charts.spread_over_seeds(SPREAD, SOURCE),
    "public_figures_tiers": lambda _: charts.public_figures_tiers(TIERS, SOURCE),
    "public_figures_placebo": lambda _: charts.public_figures_placebo(PLACEBO, TIERS, SOURCE),
    "public_figures_reliability": lambda _: charts.public_figures_reliability(CURVE, SOURCE),
    "public_figures_exposure": lambda _: charts.public_figures_exposure(EXPOSURE, SOURCE),
    "comments_by_category": lambda _: charts.comments_by_category(CATEGORIES, SOURCE),
    "comments_by_practice": lambda _: charts.comments_by_practice(
        PRACTICES.places, PRACTICES.curve, PRACTICES.rate, SOURCE
    ),
    "comments_funnel": lambda _: charts.comments_funnel(STEPS, SOURCE),
    "estimate_and_truth": lambda _: charts.estimate_and_truth(ESTIMATE, SOURCE),
    "misleading_comments": lambda _: charts.misleading_comments(MISLEADING, SOURCE),
    "audit_intervals": lambda _: charts.audit_intervals(AUDITS, SOURCE),
}


NOTHING: dict[str, Callable[[], go.Figure]] = {
    "no category": lambda: charts.comments_by_category(CATEGORIES.clear(), SOURCE),
    "nothing misleads": lambda: charts.misleading_comments(MISLEADING.clear(), SOURCE),
    "few practices": lambda: charts.shared_patients(SHARING.tail(1), SHARING.clear(), SOURCE),
    "no wrong pair": lambda: charts.linkage_errors(CAUSES.clear(), SOURCE),
    "no record missed": lambda: charts.missed_by_typing_error(KINDS.with_columns(recall=pl.lit(1.0)), SOURCE),
    "no weight": lambda: charts.match_weights(WEIGHTS.clear(), SOURCE),
    "no map": lambda: charts.departement_map(DEPARTEMENTS.with_columns(records=0, practices=0), SOURCE),
    "nobody exposed": lambda: charts.public_figures_exposure(EXPOSURE.with_columns(address=0, phone=0), SOURCE),
    "nothing repeated": lambda: charts.repeats(REPEATS.with_columns(n=0), SOURCE),
}
"""Charts without data."""


def outlines(figure: go.Figure) -> list[go.Scatter]:
    """Return the traces that draw departements."""
    return [trace for trace in figure.data if trace.type == "scatter" and trace.fill == "toself"]
