"""The parts of the linkage, each on cases computed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest

from toolkit.analysis.linkage import _blocking as blocking
from toolkit.analysis.linkage import _clusters as clusters
from toolkit.analysis.linkage import _input_table as tables
from toolkit.analysis.linkage import normalise
from toolkit.analysis.linkage._comparisons import COMPARISONS
from toolkit.analysis.linkage._evaluation import (
    compare_with_truth,
    errors_by_cause,
    errors_by_kind,
    quality,
    quality_by_threshold,
)
from toolkit.analysis.linkage._model import Model, initial_model, settings
from toolkit.analysis.linkage._practice_overlap import cluster_sizes, copied_bases, shared_patients
from toolkit.analysis.linkage._rules import RULES, score_rules
from toolkit.analysis.linkage.resolve import Linkage
from toolkit.errors import InputError


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A separate DuckDB connection."""
    with duckdb.connect() as connection:
        yield connection


def identities(con: duckdb.DuckDBPyConnection, **columns: list[str | None]) -> pl.DataFrame:
    """Return the normalised rows of a table with these columns, in the order given."""
    rows = len(next(iter(columns.values())))
    presence = tables.read(con, pl.DataFrame({"record_id": range(rows), **columns}), "record_id", None)
    normalise.normalise(con, presence.rows)
    normalise.count_names(con)
    normalise.complete(con)
    found: pl.DataFrame = con.sql("SELECT * FROM records ORDER BY uid").pl()
    return found


class TestNormalise:
    """Typed values are normalised for comparison."""

    def test_names_fold_to_capitals_with_joined_particles(self, con: duckdb.DuckDBPyConnection) -> None:
        """Accents, ligatures, hyphens and separate particles make no difference."""
        rows = identities(con, last_name=["Lefèvre-Œuvrard", "LEFEVRE OEUVRARD", "de La Tour", "d'Aubigny", " Martin "])

        assert ["LEFEVRE OEUVRARD", "LEFEVRE OEUVRARD", "DELATOUR", "DAUBIGNY", "MARTIN"] == rows["last"].to_list()

    def test_placeholder_names_are_null(self, con: duckdb.DuckDBPyConnection) -> None:
        """A name that is TEST, digits or blank becomes null."""
        rows = identities(con, last_name=["TEST", "123", "", "Testud"], first_name=["Inconnu", "XXX", "-", "Anne"])

        assert [None, None, None, "TESTUD"] == rows["last"].to_list()
        assert [None, None, None, "ANNE"] == rows["first"].to_list()

    def test_a_birth_name_is_read_beside_a_blank_name_in_use(self, con: duckdb.DuckDBPyConnection) -> None:
        """A spelling that only appears as a birth name is normalised too."""
        rows = identities(con, last_name=[None, "Martin"], birth_name=["Lefèvre", "Martin"])

        assert [None, "MARTIN"] == rows["last"].to_list()
        assert ["LEFEVRE", None] == rows["birth"].to_list()

    def test_two_names_in_one_box_are_separated(self, con: duckdb.DuckDBPyConnection) -> None:
        """The birth name comes after NEE or before EPOUSE; a filled birth name box takes precedence."""
        rows = identities(
            con,
            last_name=["Dupont née Le Goff", "Le Goff épouse Dupont", "Dupont née Legof", "Dupont née Le Goff"],
            birth_name=[None, "", "Le Goff", "Dupont née Le Goff"],
        )

        assert ["DUPONT"] * 4 == rows["last"].to_list()
        assert ["LEGOFF"] * 4 == rows["birth"].to_list()

    def test_a_number_of_corsica_has_its_own_key(self, con: duckdb.DuckDBPyConnection) -> None:
        """2A counts as 19 and 2B as 18 in the key."""
        upper, lower = with_key("2800519033001"), with_key("2800518033001")
        numbers = [upper.replace("519", "52A"), lower.replace("518", "52B"), lower.replace("518", "52A")]
        rows = identities(con, nir=numbers, birth_date=["1980-05-06"] * 3, sex=["F"] * 3)

        assert [False, False, True] == rows["nir_key_wrong"].to_list()
        assert [2, 2, 0] == rows["nir_state"].to_list()

    @pytest.mark.parametrize("typed", ["1975-03-12", "19750312", "12/03/1975", "1975-03-12 00:00:00"])
    def test_birth_dates_are_read_in_every_usual_form(self, con: duckdb.DuckDBPyConnection, typed: str) -> None:
        """All usual notations of a day give the same value."""
        assert ["19750312"] == identities(con, birth_date=[typed])["dob"].to_list()

    def test_placeholders_are_missing(self, con: duckdb.DuckDBPyConnection) -> None:
        """1 January 1900, telephones of zeros and e-mail addresses without @ become null."""
        rows = identities(
            con,
            last_name=["Martin", "Durand"],
            birth_date=["1900-01-01", "1980-05-06"],
            mobile_phone=["00 00 00 00 00", "+33 7 12 34 56 78"],
            email=["aucun", "A.Durand@Poste.example "],
        )

        assert [None, "19800506"] == rows["dob"].to_list()
        assert [None, "0712345678"] == rows["mobile"].to_list()
        assert [None, "a.durand@poste.example"] == rows["email"].to_list()

    def test_a_number_is_owned_when_it_fits_the_record(self, con: duckdb.DuckDBPyConnection) -> None:
        """A NIR that contradicts sex or birth month, or has a wrong key, does not fit the record."""
        own = with_key("2800533063001")
        rows = identities(
            con,
            sex=["F", "M", "F", "F", None],
            birth_date=["1980-05-06", "1980-05-06", "2010-07-01", "1980-05-06", None],
            nir=[own, own, own, own[:-1] + str((int(own[-1]) + 1) % 10), own],
        )

        assert [2, 0, 0, 0, 1] == rows["nir_state"].to_list()

    def test_a_value_on_too_many_records_is_null(self, con: duckdb.DuckDBPyConnection) -> None:
        """A mobile on thirty records is not a person's and becomes null."""
        names = [f"{a}{b}" for a in "ABCDE" for b in "ABCDEF"]
        rows = identities(con, last_name=[*names, "Zola"], mobile_phone=[*["0712345678"] * 30, "0712345679"])

        assert ["0712345679"] == rows["mobile"].drop_nulls().to_list()

    def test_the_kind_of_street_is_left_out(self, con: duckdb.DuckDBPyConnection) -> None:
        """The kind of street is removed from an address, abbreviated or not."""
        typed = ["12 avenue de la République", "12, AV. REPUBLIQUE", "12 République, rue", "rue"]
        rows = identities(con, last_name=["A", "B", "C", "D"], address=typed)

        assert ["12 REPUBLIQUE", "12 REPUBLIQUE", "12 REPUBLIQUE", None] == rows["address"].to_list()


def with_key(body: str) -> str:
    """Return a social security number with its key."""
    return f"{body}{97 - int(body) % 97:02d}"


class TestTables:
    """Any table is read, or refused with a clear message."""

    def test_foreign_names_are_recognised(self, con: duckdb.DuckDBPyConnection) -> None:
        """The column names of FEBRL are mapped to the schema."""
        febrl = pl.DataFrame(
            {"rec_id": ["a"], "given_name": ["x"], "surname": ["y"], "date_of_birth": ["19800101"], "postcode": ["1"]}
        )

        assert ("last_name", "first_name", "birth_date", "postal_code") == tables.read(
            con, febrl, "rec_id", None
        ).fields

    def test_columns_can_be_named(self, con: duckdb.DuckDBPyConnection) -> None:
        """`columns` maps the fields to the columns of the table."""
        presence = tables.read(con, pl.DataFrame({"n": [1], "who": ["Martin"]}), "n", {"last_name": "who"})

        assert ("last_name",) == presence.fields

    @pytest.mark.parametrize("form", ["polars", "lazy", "arrow", "relation", "parquet", "csv"])
    def test_every_form_of_a_table_is_read(self, con: duckdb.DuckDBPyConnection, tmp_path: Path, form: str) -> None:
        """Polars, Arrow, DuckDB relations and files give the same records."""
        frame = pl.DataFrame({"record_id": [2, 1], "last_name": ["B", "A"]})
        frame.write_parquet(tmp_path / "t.parquet")
        frame.write_csv(tmp_path / "t.csv")
        arrow = frame.to_arrow()
        given = {
            "polars": frame,
            "lazy": frame.lazy(),
            "arrow": arrow,
            "relation": duckdb.sql("SELECT unnest([2, 1]) AS record_id, unnest(['B', 'A']) AS last_name"),
            "parquet": tmp_path / "t.parquet",
            "csv": str(tmp_path / "t.csv"),
        }[form]

        tables.read(con, given, "record_id", None)

        assert [(0, "A"), (1, "B")] == con.sql("SELECT uid, last_name FROM raw ORDER BY uid").fetchall()

    @pytest.mark.parametrize(
        ("frame", "options", "message"),
        [
            (pl.DataFrame({"record_id": [1, 1], "last_name": ["A", "B"]}), {}, "has duplicates"),
            (pl.DataFrame({"record_id": [1, None], "last_name": ["A", "B"]}), {}, "blank in 1 of 2"),
            (pl.DataFrame({"n": [1], "last_name": ["A"]}), {}, "no id column 'record_id'"),
            (pl.DataFrame({"record_id": [1], "colour": ["red"]}), {}, "No column of the table identifies a person"),
            (pl.DataFrame({"record_id": [1], "last_name": [" "]}), {}, "blank in every row"),
            (pl.DataFrame({"record_id": [], "last_name": []}), {}, "no rows"),
            (pl.DataFrame({"record_id": [1]}), {"surname": "x"}, "unknown fields surname"),
            (pl.DataFrame({"record_id": [1]}), {"last_name": "x"}, "does not have"),
        ],
    )
    def test_what_cannot_be_linked_is_refused(
        self, con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, options: dict[str, str], message: str
    ) -> None:
        """The error for each wrong table names the problem."""
        with pytest.raises(InputError, match=message):
            tables.read(con, frame, "record_id", options or None)

    def test_a_path_without_a_file_is_refused(self, con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
        """A missing file raises an error."""
        with pytest.raises(InputError, match="No table was found"):
            tables.read(con, tmp_path / "no.parquet", "record_id", None)


class TestBlocking:
    """Records that could be one person share a blocking key."""

    def test_each_family_finds_its_pair(self, con: duckdb.DuckDBPyConnection) -> None:
        """Swapped day and month, swapped names, a married name and a shared mobile each give a pair."""
        identities(
            con,
            last_name=["Martin", "Martn", "Petit", "Louise", "Roux", "Blanc", "Noir", "Vert"],
            birth_name=[None, None, None, None, None, "Roux", None, None],
            first_name=["Anne", "Ane", "Louise", "Petit", "Eve", "Eve", "Zoe", "Ida"],
            birth_date=["1980-03-05", "1980-05-03", None, None, None, None, None, None],
            mobile_phone=[None, None, None, None, None, None, "0712345678", "0712345678"],
        )
        blocking.candidate_pairs(con, "records", 8)

        assert [(0, 1), (2, 3), (4, 5), (6, 7)] == con.sql("SELECT * FROM pairs ORDER BY ALL").fetchall()

    def test_a_value_that_is_too_common_gives_no_pairs(self, con: duckdb.DuckDBPyConnection) -> None:
        """A block above the size limit gives no pairs."""
        identities(
            con,
            last_name=[f"N{chr(65 + i % 26)}{chr(65 + i // 26)}" for i in range(450)],
            birth_date=["1980-03-05"] * 450,
        )
        con.execute("UPDATE records SET born = 19800305")
        blocking.candidate_pairs(con, "records", 450)

        assert [(0,)] == con.sql("SELECT count(*) FROM pairs").fetchall()


class TestModel:
    """The model can be saved and is the same for both engines."""

    def test_a_model_survives_its_file(self, tmp_path: Path) -> None:
        """A saved model is loaded unchanged."""
        model = initial_model(tables.FIELDS, 1000)
        model.save(tmp_path / "model.json")

        assert model == Model.load(tmp_path / "model.json")

    def test_a_file_without_a_model_is_refused(self, tmp_path: Path) -> None:
        """The error for another JSON file names the file."""
        (tmp_path / "other.json").write_text(json.dumps({"a": 1}))

        with pytest.raises(InputError, match=r"other\.json is not a linkage model"):
            Model.load(tmp_path / "other.json")

    def test_comparisons_without_a_field_are_left_out(self) -> None:
        """A table of names and birth dates is compared on these only."""
        model = initial_model(("last_name", "first_name", "birth_date"), 10)

        assert ["surname", "first_name", "birth_date"] == [comparison.name for comparison in model.comparisons]

    def test_the_engines_differ_in_one_function_only(self) -> None:
        """The settings for Spark differ from those for DuckDB only in the name of the Jaro similarity."""
        model = initial_model(tables.FIELDS, 10)
        duckdb_settings = json.dumps(settings(model, "duckdb"))

        assert duckdb_settings.replace("jaro_similarity(", "jaro_of_duckdb(") == json.dumps(settings(model, "spark"))

    def test_probabilities_of_each_comparison_add_up(self) -> None:
        """The u and the m of the degrees of a comparison each add up to about one."""
        for comparison in COMPARISONS:
            if comparison.name in {"birth_date", "sex", "contact", "place"}:
                levels = [level for level in comparison.levels if not level.exception]
                assert 1 == pytest.approx(sum(level.u for level in levels), abs=0.05), comparison.name
                assert 1 == pytest.approx(sum(level.m for level in levels), abs=0.05), comparison.name


class TestClusters:
    """Components are checked and split."""

    def test_components_take_the_name_of_their_smallest_record(self) -> None:
        """Connected records are labelled by the smallest, also when connected through others."""
        found = clusters.components(6, np.array([4, 2]), np.array([2, 1]))

        assert [0, 1, 1, 3, 1, 5] == found.tolist()

    def test_a_chain_is_cut_where_its_ends_disagree(self) -> None:
        """A record linked to two contradicting records stays with the one it agrees with most."""
        label = np.array([0, 0, 0])
        left, right = np.array([0, 1, 0]), np.array([1, 2, 2])

        assert [0, 0, 2] == clusters.split_incoherent(label, left, right, np.array([9.0, 4.0, -190.0]), 0.0).tolist()

    def test_a_weak_contradiction_does_not_split_a_person(self) -> None:
        """Three records that agree on average are one person, even if one pair is below the threshold."""
        label = np.array([0, 0, 0])
        left, right = np.array([0, 1, 0]), np.array([1, 2, 2])

        assert [0, 0, 0] == clusters.split_incoherent(label, left, right, np.array([9.0, 8.0, -3.0]), 0.0).tolist()

    def test_two_people_linked_by_one_pair_are_split(self) -> None:
        """Two coherent groups with one linked pair between them are two people."""
        label = np.zeros(4, dtype=np.int64)
        left, right = np.array([0, 2, 1, 0, 0, 1]), np.array([1, 3, 2, 2, 3, 3])
        weight = np.array([12.0, 12.0, 6.0, -190.0, -190.0, -190.0])

        assert [0, 0, 2, 2] == clusters.split_incoherent(label, left, right, weight, 0.0).tolist()

    def test_the_number_of_people_falls_as_the_threshold_does(self) -> None:
        """A higher threshold splits clusters, a lower one joins them, and the same threshold keeps them."""
        label = np.array([0, 0, 2, 3])
        left, right, weight = np.array([0, 2]), np.array([1, 3]), np.array([3.0, -2.0])

        assert [2, 3, 4] == [clusters.people_at(label, left, right, weight, 0.0, t) for t in (-5.0, 0.0, 5.0)]


def by_hand(
    found: pl.DataFrame,
    pairs: pl.DataFrame | None,
    copies: dict[int, int] | None = None,
    thresholds: list[float] | None = None,
) -> Linkage:
    """Return a linkage with these clusters, pairs and copies (record: its representative), at threshold 0."""
    sweep = pl.DataFrame({"threshold": thresholds or [0.0]}).with_columns(people=pl.lit(0))
    same = pl.DataFrame(list((copies or {}).items()), schema={"id": pl.Int64, "representative": pl.Int64}, orient="row")
    nothing = pl.DataFrame()
    return Linkage(found, Model((), 0.5), 0.0, (), (), {}, sweep, nothing, same, pl.Series(), pairs)


class TestEvaluation:
    """Precision and recall, compared with counts by hand."""

    found = pl.DataFrame({"record_id": [1, 2, 3, 4, 5], "person_cluster": [1, 1, 1, 4, 5]})
    truth = pl.DataFrame({"record_id": [1, 2, 3, 4, 5], "person_id": [7, 7, 8, 8, None]})

    def test_quality_counts_pairs_and_records(self) -> None:
        """One of three linked pairs is correct and one of two true pairs found; records without person do not count."""
        measured = quality(compare_with_truth(self.found, self.truth))

        assert (1 / 3, 1 / 2) == (measured.pair_precision, measured.pair_recall)
        assert pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4) == measured.bcubed_precision
        assert pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4) == measured.bcubed_recall
        assert (2, 2) == (measured.people_found, measured.people_true)

    def test_errors_are_counted_by_cause(self) -> None:
        """A pair that was never compared, one scored wrong and one linked through another have three causes."""
        pairs = pl.DataFrame({"id_l": [1, 2], "id_r": [2, 3], "weight": [5.0, 4.0]})
        table = errors_by_cause(by_hand(self.found, pairs), compare_with_truth(self.found, self.truth))

        assert [
            ("joined", "clustered wrong", 1),
            ("joined", "scored wrong", 1),
            ("parted", "never compared", 1),
        ] == table.rows()

    def test_a_copy_was_compared_where_its_representative_was(self) -> None:
        """Record 5 is a copy of 3 and was compared as 3, so that its missing link to 4 is a scoring error."""
        found = pl.DataFrame({"record_id": [3, 4, 5], "person_cluster": [3, 4, 3]})
        truth = pl.DataFrame({"record_id": [3, 4, 5], "person_id": [8, 8, 8]})
        pairs = pl.DataFrame({"id_l": [3], "id_r": [4], "weight": [-2.0]})

        table = errors_by_cause(by_hand(found, pairs, copies={5: 3}), compare_with_truth(found, truth))

        assert [("parted", "scored wrong", 2)] == table.rows()

    def test_quality_by_threshold(self) -> None:
        """A higher threshold splits a weak pair, a lower one joins clusters, and copies stay together."""
        found = pl.DataFrame({"record_id": [1, 2, 3, 4], "person_cluster": [1, 1, 1, 4]})
        truth = pl.DataFrame({"record_id": [1, 2, 3, 4], "person_id": [7, 8, 7, 8]})
        pairs = pl.DataFrame({"id_l": [1, 2], "id_r": [2, 4], "weight": [2.0, -2.0]})

        linkage = by_hand(found, pairs, copies={3: 1}, thresholds=[-3.0, 0.0, 3.0])
        table = quality_by_threshold(linkage, compare_with_truth(found, truth))

        assert [2 / 6, 1 / 3, 1.0] == table["pair_precision"].to_list()
        assert [1.0, 1 / 2, 1 / 2] == table["pair_recall"].to_list()

    def test_pairs_must_have_been_kept(self) -> None:
        """The error for a linkage without pairs names the option that keeps them."""
        with pytest.raises(InputError, match="keep_pairs=True"):
            errors_by_cause(by_hand(self.found, None), compare_with_truth(self.found, self.truth))

    def test_recall_by_kind_of_error(self) -> None:
        """The recall by kind of typing error is the mean over the records with that error."""
        truth = self.truth.with_columns(
            errors=pl.Series([[], ["typo"], [], ["typo", "moved"], []], dtype=pl.List(pl.String))
        )

        assert [("moved", 1, 0.0), ("none", 2, 0.5), ("typo", 2, 0.5)] == errors_by_kind(
            compare_with_truth(self.found, truth), truth
        ).rows()

    def test_records_outside_the_truth_do_not_count(self) -> None:
        """The order of rows, records without truth, and ids without a cluster do not change the counts."""
        found = pl.concat([self.found, pl.DataFrame({"record_id": [6], "person_cluster": [4]})]).reverse()
        truth = pl.concat([self.truth, pl.DataFrame({"record_id": [0, 99], "person_id": [7, 9]})]).reverse()

        assert quality(compare_with_truth(self.found, self.truth)) == quality(compare_with_truth(found, truth))

    def test_clusters_without_their_smallest_record_are_refused(self) -> None:
        """Clusters whose smallest record is missing raise an error."""
        with pytest.raises(InputError, match="give the clusters of all records"):
            compare_with_truth(self.found.tail(4), self.truth)

    def test_clusters_of_other_records_are_refused(self) -> None:
        """A truth about other ids raises an error."""
        with pytest.raises(InputError, match="no value of 'record_id' is in both"):
            compare_with_truth(self.found, self.truth.with_columns(record_id=pl.col("record_id") + 100))


class TestRules:
    """Each rule is scored alone."""

    def test_precision_and_recall_of_a_rule(self) -> None:
        """The rule on names and birth date finds one of two true pairs and no wrong pair."""
        records = pl.DataFrame(
            {
                "record_id": [1, 2, 3, 4],
                "last_name": ["Roux", "ROUX", "Roux", "Blanc"],
                "first_name": ["Eve", "Eve", "Zoé", "Eve"],
                "birth_date": ["1980-01-02", "1980-01-02", "1980-01-02", "1980-01-02"],
            }
        )
        truth = pl.DataFrame({"record_id": [1, 2, 3, 4], "person_id": [1, 1, 2, 2]})
        table = score_rules(records, truth)
        use = table.filter(pl.col("rule") == "use_identity").row(0, named=True)

        assert [rule.name for rule in RULES] == table["rule"].to_list()
        assert (4, 1, 1.0, 0.5) == (use["applicable"], use["pairs"], use["precision"], use["recall"])


class TestSharing:
    """Practices that share patients."""

    clusters = pl.DataFrame({"record_id": range(8), "person_cluster": [0, 0, 2, 2, 4, 5, 6, 7]})
    records = pl.DataFrame({"record_id": range(8), "practice_id": [1, 2, 1, 2, 1, 2, 3, 3]})
    practices = pl.DataFrame({"practice_id": [1, 2, 3], "departement_code": ["75", "75", "75"]})

    def test_shared_against_expected(self) -> None:
        """The expected number is in proportion to the product of the sizes: 2 x 9 / (9 + 6 + 6)."""
        row = shared_patients(self.clusters, self.records, self.practices).row(0, named=True)

        assert (1, 2, 3, 3, 2) == (
            row["practice_a"],
            row["practice_b"],
            row["people_a"],
            row["people_b"],
            row["shared"],
        )
        assert pytest.approx(2 * 9 / 21) == row["expected"]

    def test_a_copied_base_stands_out(self) -> None:
        """A pair with half of a practice in the other, and over twice the expected number, is listed as a copy."""
        shared = shared_patients(self.clusters, self.records, self.practices)

        assert [(1, 2)] == copied_bases(shared).select("practice_a", "practice_b").rows()

    def test_a_practice_without_departement_is_refused(self) -> None:
        """A record of a practice that is missing from the practices raises an error."""
        with pytest.raises(InputError, match=r"such as \[3\]"):
            shared_patients(self.clusters, self.records, self.practices.head(2))

    def test_cluster_sizes(self) -> None:
        """Two people have two records and four have one."""
        assert [(1, 4), (2, 2)] == cluster_sizes(self.clusters).rows()
