"""The audit: strata, repeatable draws, estimates checked by hand and by enumeration, reviewers and their agreement."""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from toolkit import schema
from toolkit.analysis import audit, comments
from toolkit.analysis._keys import KEYS
from toolkit.analysis.audit import _estimates, _strata
from toolkit.analysis.audit._coverage import coverage_of
from toolkit.analysis.comments import train, train_on_scan
from toolkit.analysis.comments._lexicon import FOLDER
from toolkit.dataset._leak import Leak, open_leak
from toolkit.errors import InputError

TEXT = "administrative_comment"
STRATA = dict(zip("ABCDE", _estimates.MEANINGS.values(), strict=True))


def sample_of(lines: dict[str, int], read: dict[str, int]) -> audit.Sample:
    """Return a sample of `read` lines from strata of `lines` lines, each line a record with its own comment."""
    names = [name for name in read for _ in range(read[name])]
    units = pl.DataFrame({"line_id": range(len(names)), "unit": range(len(names)), "stratum": names})
    units = units.with_columns(record_lines=1, **{TEXT: pl.format("comment {}", "unit")})
    sizes = [(name, STRATA[name], lines[name], read.get(name, 0)) for name in STRATA]
    strata = pl.DataFrame(sizes, schema=["stratum", "meaning", "lines", "sampled"], orient="row")
    every = sum(lines.values())
    totals = {"lines": every, "comments": every - lines["E"], "records": every}
    return audit.Sample(units, no_related(), strata, totals, 1, "rules")


def no_related() -> pl.DataFrame:
    """Return an empty table of other comments."""
    columns = {"line_id": pl.Int64(), "per": pl.String(), "unit": pl.Int64(), TEXT: pl.String(), "lines": pl.Int64()}
    return pl.DataFrame(schema=columns)


def labels_of(sample: audit.Sample, found: dict[str, int]) -> pl.DataFrame:
    """Return labels that are sensitive for the first `found` lines of each stratum."""
    place = pl.int_range(pl.len()).over("stratum")
    wanted = pl.col("stratum").replace_strict(found, default=0, return_dtype=pl.Int64)
    answer = pl.when(place < wanted).then(pl.lit("sensitive")).otherwise(pl.lit("not"))
    return sample.units.select("unit", answer=answer)


LINES = {"A": 100, "B": 50, "C": 200, "D": 1000, "E": 8650}
READ = {"A": 10, "B": 5, "C": 20, "D": 50}
FOUND = {"A": 9, "B": 1, "C": 2, "D": 1}


@pytest.fixture(scope="module")
def by_hand() -> audit.Estimate:
    """The estimate of 85 lines of 10,000."""
    sample = sample_of(LINES, READ)
    return audit.estimate(sample, labels_of(sample, FOUND))


@pytest.fixture(scope="module")
def synthetic(small_leak: Path) -> Iterator[Leak]:
    """Open the synthetic leak of 20,000 lines."""
    with open_leak(small_leak, threads=1) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(synthetic: Leak) -> pl.DataFrame:
    """Return the people of that leak by the truth, without placeholder records."""
    truth = synthetic.truth.filter(synthetic.truth.person_id.notnull())
    table = truth.select("record_id", person_cluster="person_id").distinct().to_polars()
    assert isinstance(table, pl.DataFrame)
    return table


@pytest.fixture(scope="module")
def planned(synthetic: Leak, people: pl.DataFrame) -> audit.Strata:
    """Return the strata of that leak."""
    return audit.strata(synthetic, people=people)


def lines_of(synthetic: Leak) -> pl.DataFrame:
    """Return its lines as a Polars table, with the truth about their comments."""
    lines = pl.read_parquet(synthetic.path / "lines" / "*.parquet").select("line_id", "record_id", TEXT)
    truth = pl.read_parquet(synthetic.path / "truth" / "lines" / "*.parquet")
    return lines.join(truth.select("line_id", "person_id", "comment_sensitive"), on="line_id")


# --- Estimates --------------------------------------------------------------------------------------------------------


def test_shares_by_hand(by_hand: audit.Estimate) -> None:
    """The estimate is 100 x 9/10 + 50 x 1/5 + 200 x 2/20 + 1,000 x 1/50 = 140 lines, 1.4 % of 10,000."""
    actual = {row["unit"]: (row["sensitive"], row["value"]) for row in by_hand.shares.iter_rows(named=True)}

    assert pytest.approx((140, 0.014)) == actual["lines"]
    assert pytest.approx((140, 140 / 1350)) == actual["comments"]
    assert pytest.approx((140, 0.014)) == actual["records"]


def test_scan_by_hand(by_hand: audit.Estimate) -> None:
    """Recall is 90 of 140 lines, precision 9 of 10, elusion 1 of 50."""
    actual = dict(by_hand.scan.select("quantity", "value").iter_rows())

    assert pytest.approx(90 / 140) == actual["recall"]
    assert pytest.approx(0.9) == actual["precision"]
    assert pytest.approx(0.02) == actual["elusion"]


def test_blank_lines_have_share_0(by_hand: audit.Estimate) -> None:
    """No blank line is read, and their share is 0 with an interval of 0 to 0."""
    assert (8650, 0, 0, 0.0, 0.0, 0.0) == by_hand.strata.filter(pl.col("stratum") == "E").row(0)[2:]


def test_intervals_contain_their_points(by_hand: audit.Estimate) -> None:
    """Each point is strictly between the ends of its interval, except for blank lines and the one-sided bound."""
    tables = [by_hand.shares, by_hand.scan.filter(pl.col("quantity") != "missed_at_most"), by_hand.strata.head(4)]
    for table in tables:
        assert [] == table.filter((pl.col("low") >= pl.col("value")) | (pl.col("high") <= pl.col("value"))).rows()


def test_same_labels_give_the_same_interval(by_hand: audit.Estimate) -> None:
    """The intervals do not change from one run to the next or with the order of the labels."""
    sample = sample_of(LINES, READ)
    again = audit.estimate(sample, labels_of(sample, FOUND).reverse())

    assert all(one.equals(other) for one, other in zip(by_hand, again, strict=True))


@pytest.mark.parametrize(("lines", "read", "found"), [(1000, 50, 1), (400_000, 900, 14), (60, 50, 5)])
def test_interval_of_one_stratum_equals_the_beta_binomial(lines: int, read: int, found: int) -> None:
    """With all lines in D, the interval is that of the beta-binomial, whose quantiles scipy computes exactly."""
    sample = sample_of({"A": 0, "B": 0, "C": 0, "D": lines, "E": 0}, {"D": read})
    shares = audit.estimate(sample, labels_of(sample, {"D": found})).shares
    unread = stats.betabinom(lines - read, found + 0.5, read - found + 0.5)

    low, high = found + unread.ppf(0.025), found + unread.ppf(0.975)
    assert pytest.approx((low, high), rel=0.04, abs=1) == shares.select("sensitive_low", "sensitive_high").row(0)


def test_stratum_that_was_read_completely_has_no_error() -> None:
    """The interval has no width where every line was read."""
    sample = sample_of({"A": 10, "B": 0, "C": 0, "D": 40, "E": 50}, {"A": 10, "D": 40})
    shares = audit.estimate(sample, labels_of(sample, {"A": 8, "D": 3})).shares

    assert (11.0, 11.0, 11.0) == shares.select("sensitive", "sensitive_low", "sensitive_high").row(0)


def test_records_of_lines_that_were_read_have_no_error() -> None:
    """Where every line was read, the interval of records has no width either, whatever their weights."""
    sample = sample_of({"A": 10, "B": 0, "C": 0, "D": 40, "E": 50}, {"A": 10, "D": 40})
    units = sample.units.with_columns(record_lines=1 + pl.col("line_id") % 2)
    complete = audit.Sample(units, sample.related, sample.strata, sample.totals, 1, "rules")
    shares = audit.estimate(complete, labels_of(complete, {"A": 8, "D": 3})).shares.filter(pl.col("unit") == "records")

    # Of A's eight lines, four are alone in their record and four share it with another; of D's three, two and one.
    expected = 4 + 4 / 2 + 2 + 1 / 2
    assert pytest.approx((expected, expected, expected)) == shares.row(0)[1:4]


def test_upper_limit_with_none_found() -> None:
    """With none in 3,000 of a million, the upper limit at 95 % is N (1 - .05^(1/n)), about 3 N / n."""
    sample = sample_of({"A": 0, "B": 0, "C": 0, "D": 1_000_000, "E": 0}, {"D": 3000})
    scan = audit.estimate(sample, labels_of(sample, {})).scan
    bound = scan.filter(pl.col("quantity") == "missed_at_most")["value"].item()

    assert pytest.approx(1_000_000 * (1 - 0.05 ** (1 / 3000))) == bound
    assert pytest.approx(1_000_000 * 3 / 3000, rel=0.01) == bound


def test_recall_is_null_where_nothing_was_found() -> None:
    """Where no sensitive line was found, recall is null and has an interval."""
    sample = sample_of({"A": 90, "B": 0, "C": 0, "D": 900, "E": 0}, {"A": 30, "D": 30})
    recall = (
        audit.estimate(sample, labels_of(sample, {})).scan.filter(pl.col("quantity") == "recall").row(0, named=True)
    )

    assert recall["value"] is None
    assert 0 <= recall["low"] < recall["high"] <= 1


def test_records_and_people_count_once_on_average_over_all_samples() -> None:
    """Over all 70 samples of 4 of 8 lines, the mean estimate is the true number of lines, records and people."""
    # line: record, person, comment. Comments x and y are sensitive: 5 lines, 3 records, 2 people.
    line = [(1, 1, "x"), (1, 1, "x"), (2, 1, "y"), (2, 1, "ok"), (3, 2, "x"), (3, 2, "y"), (4, 3, "ok"), (5, 3, "no")]
    answers = {text: "sensitive" if text in "xy" else "not" for _, _, text in line}
    unit_of = {text: min(i for i, row in enumerate(line) if row[2] == text) for text in answers}
    labels = pl.DataFrame({"unit": unit_of.values(), "answer": [answers[text] for text in unit_of]})

    estimates = []
    for drawn in itertools.combinations(range(len(line)), 4):
        units, related = [], []
        for i in drawn:
            same = [sum(row[part] == line[i][part] and row[2] == line[i][2] for row in line) for part in (0, 1)]
            units.append((i, unit_of[line[i][2]], "D", line[i][2], *same))
            for part, per in ((0, "records"), (1, "people")):
                others = [row[2] for row in line if row[part] == line[i][part] and row[2] != line[i][2]]
                related += [(i, per, unit_of[text], text, others.count(text)) for text in sorted(set(others))]
        columns = ["line_id", "unit", "stratum", TEXT, "record_lines", "person_lines"]
        base = sample_of({"A": 0, "B": 0, "C": 0, "D": 8, "E": 0}, {"D": 4})
        related_table = pl.DataFrame(related, schema=no_related().schema, orient="row")
        totals = {"lines": 8, "comments": 8, "records": 5, "people": 3}
        units_table = pl.DataFrame(units, schema=columns, orient="row")
        sample = audit.Sample(units_table, related_table, base.strata, totals, 1, "rules")
        estimates.append(audit.estimate(sample, labels).shares["sensitive"].to_list())

    assert 70 == len(estimates)
    assert pytest.approx([5, 5, 3, 2]) == list(np.mean(estimates, axis=0))


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (["sensitive", "not"], "1 of the 3 comments to label have no answer"),
        (["sensitive", "not", "unsure"], "1 of the 3 comments to label have no answer, or 'unsure'"),
    ],
)
def test_unfinished_labels_are_an_error(answers: list[str], message: str) -> None:
    """A missing answer or "unsure" is an error that counts the comments left."""
    sample = sample_of({"A": 0, "B": 0, "C": 0, "D": 3, "E": 0}, {"D": 3})
    labels = pl.DataFrame({"unit": range(len(answers)), "answer": answers})

    with pytest.raises(InputError, match=message):
        audit.estimate(sample, labels)


def test_two_answers_are_an_error() -> None:
    """Two answers to one comment are an error."""
    sample = sample_of({"A": 0, "B": 0, "C": 0, "D": 3, "E": 0}, {"D": 3})
    labels = labels_of(sample, {})

    with pytest.raises(InputError, match="Some comments have two answers"):
        audit.estimate(sample, pl.concat([labels, labels]))


# --- Sizes ------------------------------------------------------------------------------------------------------------


def test_allocation_equals_neymans() -> None:
    """Where no floor applies, the sizes are proportional to N sqrt(p (1 - p)), to within one line."""
    lines = {"A": 200_000, "B": 60_000, "C": 250_000, "D": 4_700_000}
    weight = {name: lines[name] * (p * (1 - p)) ** 0.5 for name, p in _estimates.ANTICIPATED.items()}
    expected = {name: 3000 * part / sum(weight.values()) for name, part in weight.items()}

    assert pytest.approx(expected, abs=1) == _estimates.allocate(lines, 3000, 1000)


@pytest.mark.parametrize(
    ("size", "floor", "expected"),
    [(1200, 1000, {"A": 136, "B": 30, "C": 34, "D": 1000}), (9000, 10, {"A": 500, "B": 40, "C": 60, "D": 5000})],
)
def test_allocation_keeps_its_bounds(size: int, floor: int, expected: dict[str, int]) -> None:
    """D gets its floor, every stratum at least 30 lines, and none more lines than it has."""
    lines = {"A": 500, "B": 40, "C": 60, "D": 5000}
    actual = _estimates.allocate(lines, size, floor)

    assert expected["D"] == actual["D"]
    assert all(min(30, lines[name]) <= actual[name] <= lines[name] for name in lines)
    assert min(size, sum(lines.values())) == sum(actual.values())


def test_sample_below_its_floors_is_an_error() -> None:
    """A size smaller than the sum of the floors is an error that names both."""
    with pytest.raises(InputError, match="A sample of 500 lines is smaller than its floors, 1090 lines"):
        _estimates.allocate({"A": 500, "B": 400, "C": 600, "D": 5000}, 500, 1000)


# --- Coverage ---------------------------------------------------------------------------------------------------------


def population(shares: tuple[float, ...]) -> tuple[dict[str, int], pl.DataFrame]:
    """Return strata of 2.2 million lines and their sensitive lines, two of every three in one record."""
    lines = {"A": 20_000, "B": 6_000, "C": 25_000, "D": 470_000, "E": 1_679_000}
    names = [name for name, share in zip(lines, shares, strict=False) for _ in range(int(lines[name] * share))]
    weights = [1.0 if place % 3 == 0 else 0.5 for place in range(len(names))]
    return lines, pl.DataFrame({"stratum": names, "records": weights})


@pytest.mark.parametrize(
    "shares", [(0.9, 0.3, 0.1, 0.005), (0.95, 0.2, 0.02, 0.0005), (0.98, 0.5, 0.05, 0.0)], ids=["poor", "fair", "good"]
)
def test_coverage_of_a_population_is_nominal(shares: tuple[float, ...]) -> None:
    """Of 200 audits of a population, 92 to 98 % contain the true shares of lines and records and the true recall."""
    lines, sensitive = population(shares)
    totals = {"lines": 2_200_000, "records": 1_900_000}

    summary, audits = coverage_of(lines, sensitive, totals, seeds=200, size=3000, floor=1000)

    found = sensitive.filter(pl.col("stratum") == "A").height
    true = [sensitive.height / 2_200_000, sensitive["records"].sum() / 1_900_000, found / sensitive.height]
    assert ["share_of_lines", "share_of_records", "recall"] == summary["quantity"].to_list()
    assert pytest.approx(true) == summary["true"].to_list()
    assert [] == summary.filter(~pl.col("coverage").is_between(0.92, 0.98)).rows()
    assert (
        summary["held"].to_list()
        == audits.group_by("quantity", maintain_order=True).agg("holds")["holds"].list.sum().to_list()
    )
    # The mean of 200 estimates is within four standard errors of the truth.
    error = summary["mean_width"] / (2 * 1.96 * 200**0.5)
    assert [] == summary.filter((pl.col("mean") - pl.col("true")).abs() > 4 * error).rows()


def test_coverage_uses_the_interval_of_the_estimate(by_hand: audit.Estimate) -> None:
    """`drawn_totals` and `interval` give the same interval as `estimate` for the same numbers found."""
    lines = dict(LINES)
    found, read, held = (np.array([of[name] for name in "ABCD"]) for of in (FOUND, READ, lines))
    drawn = _estimates.drawn_totals(found, read, held).sum(axis=1)
    row = by_hand.shares.row(0, named=True)

    assert (row["sensitive"], row["sensitive_low"], row["sensitive_high"]) == _estimates.interval(drawn, 140.0)


def test_coverage_of_a_leak(synthetic: Leak, planned: audit.Strata) -> None:
    """With the truth as reviewer, as many of 200 audits contain the true shares as chance allows around 95 %."""
    summary = audit.coverage(synthetic, planned, size=900, floor=400).summary
    lines = lines_of(synthetic)
    sensitive = lines.filter("comment_sensitive")
    alone = lines.filter(pl.col("person_id").is_null())["record_id"].n_unique()
    people = lines["person_id"].drop_nulls().n_unique() + alone

    assert ["share_of_lines", "share_of_records", "share_of_people", "recall"] == summary["quantity"].to_list()
    assert (
        pytest.approx(
            [
                sensitive.height / lines.height,
                sensitive["record_id"].n_unique() / lines["record_id"].n_unique(),
                sensitive["person_id"].n_unique() / people,
            ]
        )
        == summary["true"].head(3).to_list()
    )
    assert [200] == summary["seeds"].unique().to_list()
    assert [] == summary.filter(~pl.col("coverage").is_between(0.90, 0.985)).rows()


# --- Strata and draws -------------------------------------------------------------------------------------------------


def test_every_line_is_in_one_stratum(synthetic: Leak, planned: audit.Strata) -> None:
    """The sizes add up to all lines, E has the blank lines, and A has the lines flagged by the scan."""
    lines = lines_of(synthetic)
    blank = lines.filter(pl.col(TEXT).fill_null("").str.strip_chars() == "")
    flagged = comments.flagged(synthetic, comments.read_texts(synthetic)).to_polars()
    sizes = {row["stratum"]: row for row in planned.sizes.iter_rows(named=True)}

    assert list("ABCDE") == list(sizes)
    assert lines.height == planned.sizes["lines"].sum() == planned.totals["lines"]
    assert lines.height - blank.height == planned.totals["comments"]
    assert blank.height == sizes["E"]["lines"]
    assert flagged.height == sizes["A"]["lines"]
    held = planned.lines.group_by("stratum").aggregate(lines=planned.lines.count()).to_polars()
    assert dict(held.iter_rows()) == {name: sizes[name]["lines"] for name in "ABCD"}
    assert planned.texts[TEXT].n_unique() == planned.texts.height
    assert lines["record_id"].n_unique() == planned.totals["records"]


def test_records_without_a_person_count_as_one_each(synthetic: Leak, planned: audit.Strata) -> None:
    """The number of people is that of the truth, plus one for each record that is not in the table."""
    lines = lines_of(synthetic)
    alone = lines.filter(pl.col("person_id").is_null())["record_id"].n_unique()

    assert lines["person_id"].drop_nulls().n_unique() + alone == planned.totals["people"]


def test_placeholder_records_are_not_people(leak: Leak) -> None:
    """A record with a null cluster counts neither among all people nor among those with a sensitive comment."""
    records = leak.lines.select("record_id").distinct().to_polars().sort("record_id")
    placeholders = lines_of(leak).filter("comment_sensitive")["record_id"].unique().to_list()
    is_person = ~pl.col("record_id").is_in(placeholders)
    people = records.with_columns(person_cluster=pl.when(is_person).then("record_id"))

    planned = audit.strata(leak, people=people)
    sample = audit.draw(planned, 9, floor=3)
    sensitive = audit.estimate(sample, audit.label(sample, leak)).shares.filter(pl.col("unit") == "people")

    assert len(placeholders) > 0
    assert records.height - len(placeholders) == planned.totals["people"] == sensitive["denominator"].item()
    assert 0 == sensitive["sensitive"].item()


def test_leak_without_comments_has_no_row_for_them(write_data_set: Callable[..., Path], tmp_path: Path) -> None:
    """Where every comment is blank, the shares of lines and records are 0 and comments have no row."""
    with open_leak(write_data_set(tmp_path / "comments"), threads=1) as commented:
        stored = commented.lines.to_polars().sort("line_id").with_columns(pl.lit(" ").alias(TEXT))
    blank = stored.to_arrow().cast(schema.LINES.arrow_schema())

    with open_leak(write_data_set(tmp_path / "blank", lines=blank), threads=1) as uncommented:
        sample = audit.draw(audit.strata(uncommented))
        shares = audit.estimate(sample, audit.label(sample, uncommented)).shares

    assert [("lines", 0.0), ("records", 0.0)] == shares.select("unit", "value").rows()


def test_texts_that_were_qualified_out_are_in_b() -> None:
    """Only a text whose entry of the lexicon is harmless in its context is in B."""
    texts = pl.DataFrame({TEXT: ["sous Subutex", "nie toute prise de drogue", "rdv mardi"], "lines": [1, 1, 1]})
    read = texts.hstack(comments.classify(texts[TEXT]))

    placed = dict(_strata._place(read, train_on_scan(read)).select(TEXT, "stratum").iter_rows())

    assert "A" == placed["sous Subutex"]
    assert "B" == placed["nie toute prise de drogue"]
    assert placed["rdv mardi"] in "CD"


def test_ngram_model_fills_c() -> None:
    """C has the texts that the model ranks first: the one similar to its sensitive examples, and the next."""
    ordinary = [f"rdv le {day} a 9 h" for day in range(1, 25)]
    examples = ["zzzig", "zzzag", "zzzog", "rdv le 2 a 9 h", "rdv le 3 a 9 h", "rdv a 10 h"]
    model = train(examples, [True, True, True, False, False, False])
    texts = pl.DataFrame({TEXT: [*ordinary, "zzzug"], "lines": 1}).with_columns(
        sensitive=pl.lit(value=False), found=pl.lit("nothing")
    )

    placed = _strata._place(texts, model)

    # C is filled until it has a twentieth of 25 lines, which are two.
    assert 2 == placed.filter(pl.col("stratum") == "C").height
    assert "C" == placed.filter(pl.col(TEXT) == "zzzug")["stratum"].item()


def test_people_by_a_key(synthetic: Leak) -> None:
    """By an exact key, people are its distinct values, plus each record without one."""
    people = audit.strata(synthetic, people=KEYS["nir"])
    lines = pl.read_parquet(synthetic.path / "lines" / "*.parquet").select("line_id", "record_id", "nir", TEXT)
    named = lines.with_columns(person=pl.coalesce("nir", pl.format("record {}", "record_id")))
    commented = named.filter(pl.col(TEXT).fill_null("").str.strip_chars() != "")
    kept = people.lines.select("line_id", "person").to_polars().join(commented, on="line_id")

    assert named["person"].n_unique() == people.totals["people"]
    assert commented.height == kept.height
    assert (
        kept.select("person", "person_right").n_unique() == kept["person"].n_unique() == commented["person"].n_unique()
    )


def test_people_by_a_table_of_the_engine(synthetic: Leak, people: pl.DataFrame, planned: audit.Strata) -> None:
    """Clusters in a table of the engine give the same lines, people and totals as in a Polars table."""
    by_table = audit.strata(synthetic, people=synthetic.register_table(people.to_arrow()))

    assert planned.totals == by_table.totals
    assert planned.lines.to_polars().sort("line_id").equals(by_table.lines.to_polars().sort("line_id"))


def test_a_person_is_the_first_of_its_records_with_a_comment(synthetic: Leak, planned: audit.Strata) -> None:
    """All lines of a person have the number of the smallest record with a comment, other lines that of their record."""
    lines = planned.lines.to_polars().join(lines_of(synthetic).select("line_id", "person_id"), on="line_id")
    of_people = lines.filter(pl.col("person_id").is_not_null())
    alone = lines.filter(pl.col("person_id").is_null())

    expected = of_people.select(pl.col("record_id").min().over("person_id")).to_series()
    assert expected.to_list() == of_people["person"].to_list()
    assert alone["record_id"].to_list() == alone["person"].to_list()


def test_annotated_counts_every_comment(synthetic: Leak, planned: audit.Strata) -> None:
    """`annotated` counts the lines, records and people with a comment of any kind."""
    lines = lines_of(synthetic)
    noted = lines.filter(pl.col(TEXT).fill_null("").str.strip_chars() != "")
    alone = noted.filter(pl.col("person_id").is_null())["record_id"].n_unique()

    table = audit.annotated(planned)

    expected = [noted.height, noted["record_id"].n_unique(), noted["person_id"].drop_nulls().n_unique() + alone]
    assert expected == table["annotated"].to_list()
    assert [planned.totals[unit] for unit in ("lines", "records", "people")] == table["denominator"].to_list()


def test_draw_takes_the_smallest_hashes(planned: audit.Strata) -> None:
    """The sample has, for each stratum, the lines with the smallest SHA-256 of seed and line."""
    sample = audit.draw(planned, 900, seed=7, floor=400)
    lines = planned.lines.select("line_id", "stratum").to_polars()
    read = dict(sample.strata.select("stratum", "sampled").iter_rows())

    for name in "ABCD":
        ids = lines.filter(pl.col("stratum") == name)["line_id"].to_list()
        expected = sorted(ids, key=lambda line: hashlib.sha256(f"7:{line}".encode()).hexdigest())[: read[name]]
        assert expected == sample.units.filter(pl.col("stratum") == name)["line_id"].to_list()
    assert 900 == sample.units.height
    assert read["D"] >= 400


def test_draws_repeat_and_seeds_differ(planned: audit.Strata) -> None:
    """The same seed draws the same sample, and another seed another one."""
    one, again, other = (audit.draw(planned, 300, seed=seed, floor=100) for seed in (1, 1, 2))

    assert one.digest == again.digest != other.digest
    assert one.units.equals(again.units)
    assert one.related.equals(again.related)


def test_sample_has_the_other_comments_of_each_record_and_person(synthetic: Leak, planned: audit.Strata) -> None:
    """The lines of each record and person with the same comment and with others equal a count of all lines."""
    sample = audit.draw(planned, 900, seed=3, floor=400)
    lines = lines_of(synthetic).filter(pl.col(TEXT).fill_null("").str.strip_chars() != "")
    by_id = {row["line_id"]: row for row in lines.iter_rows(named=True)}
    related = sample.related.group_by("line_id", "per").agg(texts=pl.col(TEXT).sort(), lines=pl.col("lines").sum())
    others_of = {(row["line_id"], row["per"]): (row["texts"], row["lines"]) for row in related.iter_rows(named=True)}

    assert others_of
    for unit in sample.units.iter_rows(named=True):
        line = by_id[unit["line_id"]]
        for per, column, own in (("records", "record_id", "record_lines"), ("people", "person_id", "person_lines")):
            if line[column] is None:
                continue
            of_unit = lines.filter(pl.col(column) == line[column])[TEXT]
            others = of_unit.filter(of_unit != line[TEXT])
            assert (of_unit == line[TEXT]).sum() == unit[own]
            assert (others.unique().sort().to_list(), len(others)) == others_of.get((unit["line_id"], per), ([], 0))


def test_audit_labelled_by_the_truth_contains_the_truth(synthetic: Leak, planned: audit.Strata) -> None:
    """The intervals of one audit, labelled by the truth, contain the true lines, records and people."""
    sample = audit.draw(planned, 2000, seed=2, floor=1000)
    shares = audit.estimate(sample, audit.label(sample, synthetic)).shares
    sensitive = lines_of(synthetic).filter("comment_sensitive")
    records, people = sensitive["record_id"].n_unique(), sensitive["person_id"].n_unique()

    assert ["lines", "comments", "records", "people"] == shares["unit"].to_list()
    for row, true in zip(
        shares.iter_rows(named=True), (sensitive.height, sensitive.height, records, people), strict=True
    ):
        assert row["sensitive_low"] <= true <= row["sensitive_high"]


def test_rules_digest_depends_on_lexicon_and_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more letter in the lexicon, or other labels for the n-gram model, change the digest of the rules."""
    model, other = train(["a b", "c d"], [True, False]), train(["a b", "c d"], [False, True])
    before = audit.rules_digest(model)
    shutil.copytree(FOLDER, tmp_path / "lexicon")
    monkeypatch.setattr(_strata, "FOLDER", tmp_path / "lexicon")
    assert before == audit.rules_digest(model)
    assert before != audit.rules_digest(other)

    with (tmp_path / "lexicon" / "violence.csv").open("a", encoding="utf-8") as file:
        file.write("x")

    assert before != audit.rules_digest(model)


def test_people_need_their_columns(synthetic: Leak) -> None:
    """A table of people without clusters is an error that names the missing column."""
    with pytest.raises(InputError, match="These columns were not found: person_cluster; the table has record_id"):
        audit.strata(synthetic, people=pl.DataFrame({"record_id": [1]}))


@pytest.mark.spark
def test_spark_draws_the_same_lines(leak: Leak, spark_leak: Leak) -> None:
    """The sample of nine lines is the same on both engines."""
    on_duckdb, on_spark = (audit.draw(audit.strata(opened), 4, floor=2) for opened in (leak, spark_leak))

    assert on_duckdb.digest == on_spark.digest
    assert on_duckdb.units.equals(on_spark.units)
    assert on_duckdb.strata.equals(on_spark.strata)


# --- Reviewers --------------------------------------------------------------------------------------------------------


def test_labels_by_the_truth_equal_the_truth(synthetic: Leak, planned: audit.Strata) -> None:
    """Each comment drawn has the answer of the truth, and its categories when it is sensitive."""
    sample = audit.draw(planned, 900, seed=1, floor=400)
    labels = audit.label(sample, synthetic)
    truth = dict(lines_of(synthetic).select("line_id", "comment_sensitive").iter_rows())
    answers = dict(labels.select("unit", "answer").iter_rows())

    assert set(sample.units["unit"]) <= set(answers)
    assert all(truth[unit] == (answer == "sensitive") for unit, answer in answers.items())
    assert (labels["answer"] == "sensitive").to_list() == (labels["categories"].list.len() > 0).to_list()


def test_error_rate_is_applied(synthetic: Leak, planned: audit.Strata) -> None:
    """An error rate of a tenth gives a tenth of wrong answers, repeatable, and independent for two seeds."""
    sample = audit.draw(planned, 2000, seed=1, floor=1000)
    right = audit.label(sample, synthetic)
    one, again, other = (audit.label(sample, synthetic, error_rate=0.1, seed=seed) for seed in (1, 1, 2))
    labelled = sample.units.select("unit").unique()
    wrong = labelled.join(right, on="unit").join(one, on="unit").filter(pl.col("answer") != pl.col("answer_right"))

    assert one.equals(again)
    assert not one.equals(other)
    assert pytest.approx(0.1, abs=0.025) == wrong.height / labelled.height
    # With independent mistakes, both are right or both wrong about .9 x .9 + .1 x .1 of the comments.
    assert pytest.approx(0.82, abs=0.03) == audit.kappa(one, other).agreed


def test_unknown_reviewer_is_an_error(synthetic: Leak, planned: audit.Strata) -> None:
    """A reviewer other than the truth is an error that names the labelling sheet, and so is an impossible rate."""
    sample = audit.draw(planned, 300, floor=100)

    with pytest.raises(InputError, match=r"There is no reviewer 'anna', only 'truth'.*LabellingSheet"):
        audit.label(sample, synthetic, reviewer="anna")
    with pytest.raises(InputError, match="An error rate of 2 is not between 0 and 1"):
        audit.label(sample, synthetic, error_rate=2)


# --- Agreement --------------------------------------------------------------------------------------------------------

PSYCHIATRISTS = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
"""100 patients by two raters: J. Fleiss, *Statistical Methods for Rates and Proportions* (1981), table 13.1."""


def two_reviewers(table: list[list[int]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return labels with this table of joint answers, plus one comment each that the other did not label."""
    pairs = [(a, b) for a, row in enumerate(table) for b, times in enumerate(row) for _ in range(times)]
    units = range(len(pairs))
    names = audit.ANSWERS
    first = pl.DataFrame({"unit": [*units, 900], "answer": [*(names[a] for a, _ in pairs), "not"]})
    second = pl.DataFrame({"unit": [*units, 901], "answer": [*(names[b] for _, b in pairs), "sensitive"]})
    return first, second.reverse()


def test_kappa_equals_fleiss_example() -> None:
    """With .89 agreed and .66 by chance, kappa is .23 / .34 = .676, as in Fleiss (1981)."""
    agreement = audit.kappa(*two_reviewers(PSYCHIATRISTS))

    assert 100 == agreement.comments
    assert pytest.approx(0.89) == agreement.agreed
    assert 0.676 == round(agreement.kappa, 3)


@pytest.mark.parametrize("table", [PSYCHIATRISTS, [[20, 5, 1], [10, 15, 2], [3, 1, 9]], [[40, 9], [6, 45]]])
def test_kappa_interval_equals_the_delta_method(table: list[list[int]]) -> None:
    """The standard error is that of the delta method, with the derivatives of kappa by finite differences."""
    counts = np.array(table, dtype=float)
    shares = counts / counts.sum()

    def kappa(joint: np.ndarray) -> float:
        chance = joint.sum(axis=1) @ joint.sum(axis=0)
        return float((np.trace(joint) - chance) / (1 - chance))

    slopes = np.zeros_like(shares)
    for cell in np.ndindex(*shares.shape):
        step = np.zeros_like(shares)
        step[cell] = 1e-6
        slopes[cell] = (kappa(shares + step) - kappa(shares - step)) / 2e-6
    error = ((shares * slopes**2).sum() - (shares * slopes).sum() ** 2) ** 0.5 / counts.sum() ** 0.5
    agreement = audit.kappa(*two_reviewers(table))

    assert pytest.approx(kappa(shares)) == agreement.kappa
    assert pytest.approx(2 * 1.959964 * error, rel=1e-4) == agreement.high - agreement.low


def test_kappa_of_one_answer_is_an_error() -> None:
    """Kappa is undefined when both reviewers give the same answer to every comment."""
    labels = pl.DataFrame({"unit": [1, 2], "answer": ["not", "not"]})

    with pytest.raises(InputError, match="The reviewers share 2 comments and 1 answers"):
        audit.kappa(labels, labels)
