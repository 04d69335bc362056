"""Intake on hostile or unlucky input: every fault is one sentence, sources stay as they were, and nothing is left."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.errors import ToolkitError
from toolkit.intake import IntakeOptions, intake
from toolkit.intake._layout import Layout
from toolkit.intake.readers._text import TextSource

HEADER = "Nom;Prénom;Sexe;Date de naissance;Code postal;Portable;Commentaire"
ROWS = [f"Martin;Aurélie;F;{1 + day:02}/03/1975;35000;06399801{day:02};Préfère le matin" for day in range(28)]
TABLE = "\n".join([HEADER, *ROWS]) + "\n"
OPTIONS = IntakeOptions(copy_year=2026)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def write(folder: Path, name: str, content: bytes) -> Path:
    """Write a received file."""
    path = folder / name
    path.write_bytes(content)
    return path


def left(folder: Path, out: Path) -> list[str]:
    """Return what an intake left beside its output."""
    return [path.name for path in out.parent.iterdir() if path.name.startswith(f".{out.name}")]


@given(data=st.binary(max_size=2_000), size=st.integers(min_value=1, max_value=700), wide=st.booleans())
@QUICK
def test_blocks_hold_every_byte_once(
    data: bytes, size: int, wide: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The lines of a file tile it: blocks touch, their lines touch, and together they have its length."""
    path = write(tmp_path_factory.mktemp("tile"), "any", data)
    layout = Layout("utf-8", b";", b'"', escape=False, header=None, header_line=None, top=0, names=["a"], width=2,
                    widths=frozenset({2}))  # fmt: skip
    at = 0
    for block in TextSource(path, layout, "utf-16-le" if wide else "utf-8", None).blocks(size):
        assert at == block.offset
        assert int(block.starts[0]) == 0
        assert int(block.starts[-1]) == len(block.data)
        assert len(block.starts) == len(block.plain) + 1
        at = block.file_end
    assert len(data) == at


@given(data=st.binary(max_size=3_000))
@QUICK
def test_random_bytes_are_read_or_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any bytes give an account that adds up, or one sentence."""
    folder = tmp_path_factory.mktemp("random")
    path = write(folder, "dump.csv", data)
    sentence = ""
    try:
        intake([path], folder / "out", OPTIONS)
    except ToolkitError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert (folder / "out" / "manifest.json").exists() == (sentence == "")
    assert path.read_bytes() == data
    assert [] == left(folder, folder / "out")


@given(
    place=st.integers(min_value=0, max_value=len(TABLE.encode()) - 1),
    damage=st.sampled_from([b"", b"\0", b'"', b";", b"\n", b"\r", b"\xe9", b"\\", b"\xc3\xa9;\n", b";;;"]),
    drop=st.integers(min_value=0, max_value=20),
)
@QUICK
def test_damage_loses_nothing_without_saying_so(
    place: int, damage: bytes, drop: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After any damage at one place, every line is a row, rejected, or another unit that is counted."""
    folder = tmp_path_factory.mktemp("damage")
    clean = TABLE.encode()
    data = clean[:place] + damage + clean[place + drop :]
    path = write(folder, "dump.csv", data)
    try:
        account = intake([path], folder / "out", OPTIONS)
    except ToolkitError:
        return
    source = account["sources"][0]
    ends = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert source["total"] == ends.count(b"\n") + (not ends.endswith(b"\n"))
    offsets = sorted(
        (row["offset"], row["length"])
        for name in ("provenance", "quarantine")
        for file in (folder / "out" / name).glob("*.parquet")
        for row in pl.read_parquet(file).to_dicts()
    )
    assert all(a + size <= b for (a, size), (b, _) in pairwise(offsets))


def test_a_bomb_ends_in_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    """An archive that expands beyond the limit is refused, with the option that raises it, and leaves no file."""
    path = write(tmp_path, "dump.csv.gz", gzip.compress(TABLE.encode() * 4_000, 9))

    with pytest.raises(ToolkitError, match="--max-expansion"):
        intake([path], tmp_path / "out", IntakeOptions(max_expansion=20))
    assert [] == left(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()

    account = intake([path], tmp_path / "out", IntakeOptions(max_expansion=5_000))
    assert 4_000 * 28 == account["rows"]


def test_links_devices_and_names_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    """A link in an archive is not opened, and a member with a path in its name is read without going there."""
    secret = write(tmp_path, "secret.csv", TABLE.replace("Martin", "Secret").encode())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("link.csv")
        member.type, member.linkname = tarfile.SYMTYPE, str(secret)
        archive.addfile(member)
        inside = tarfile.TarInfo("../outside.csv")
        inside.size = len(TABLE.encode())
        archive.addfile(inside, io.BytesIO(TABLE.encode()))
    folder = tmp_path / "received"
    folder.mkdir()
    account = intake([write(folder, "dump.tar", buffer.getvalue())], folder / "out", OPTIONS)

    assert 28 == account["rows"]
    assert 2 == sum(finding["code"] == "unsafe_member" for finding in account["findings"])
    assert not (tmp_path / "outside.csv").exists()
    names = pl.read_parquet(folder / "out" / "lines" / "*.parquet")["last_name"].unique().to_list()
    assert ["Martin"] == names


def test_an_encrypted_archive_without_a_password_is_named(tmp_path: Path) -> None:
    """Without the password nothing is read, and the sentence says that the member is encrypted."""
    case = Path(__file__).parent / "cases" / "50_zip_encrypted" / "chiffre.zip"

    with pytest.raises(ToolkitError, match=r"chiffre.zip!patients.csv is encrypted.*--password-file"):
        intake([case], tmp_path / "out", OPTIONS)


def test_the_same_bytes_give_the_same_data_set(tmp_path: Path) -> None:
    """The content hash does not depend on the threads, and sources have the same hash afterwards."""
    path = write(tmp_path, "dump.csv", (HEADER + "\n" + "\n".join(ROWS * 300) + "\n").encode())
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    hashes = []
    for threads in (1, 3):
        out = tmp_path / f"out{threads}"
        intake([path], out, IntakeOptions(threads=threads, copy_year=2026))
        hashes.append(json.loads((out / "manifest.json").read_text(encoding="utf-8"))["content_hash"])

    assert 1 == len(set(hashes))
    assert before == hashlib.sha256(path.read_bytes()).hexdigest()
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "out1").rglob("*"))


def test_an_ambiguous_order_of_dates_stops_with_a_recipe(tmp_path: Path) -> None:
    """Where no date shows whether the day or the month comes first, intake stops; a completed recipe goes on."""
    rows = [f"Martin;Aurélie;0{day}/0{10 - day}/1975;06399801{day:02}" for day in range(1, 10)]
    path = write(tmp_path, "dump.csv", ("Nom;Prénom;Né(e) le;Portable\n" + "\n".join(rows) + "\n").encode())

    with pytest.raises(ToolkitError, match=r"day or the month first.*--recipe"):
        intake([path], tmp_path / "out", OPTIONS)
    recipe = tmp_path / "out.recipe.toml"
    text = recipe.read_text(encoding="utf-8")
    assert "[tables.month_first]" in text
    recipe.write_text(
        text.replace("[tables.month_first]", '[tables.month_first]\n"Né(e) le" = true', 1), encoding="utf-8"
    )
    intake([path], tmp_path / "out", IntakeOptions(recipe=recipe, copy_year=2026))

    months = pl.read_parquet(tmp_path / "out" / "lines" / "*.parquet")["birth_date"].dt.month().to_list()
    assert list(range(1, 10)) == months


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "No table of people"),
        (b"just some words\nand some more\n", "No table of people"),
        (b"%PDF-1.7\n", "No table of people"),
        (b"PK\x03\x04broken", "damaged zip archive"),
    ],
)
def test_what_holds_no_table_is_refused_in_a_sentence(content: bytes, message: str, tmp_path: Path) -> None:
    """A file without people, or one that cannot be opened, ends in a sentence with what to do."""
    path = write(tmp_path, "dump", content)

    with pytest.raises(ToolkitError, match=message):
        intake([path], tmp_path / "out", OPTIONS)
    assert ["dump"] == [file.name for file in tmp_path.iterdir()]


def test_a_directory_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    """Intake never writes into a directory that is not empty."""
    path = write(tmp_path, "dump.csv", TABLE.encode())
    out = tmp_path / "out"
    out.mkdir()
    write(out, "mine.txt", b"mine")

    with pytest.raises(ToolkitError, match="is not empty"):
        intake([path], out, OPTIONS)
    assert b"mine" == (out / "mine.txt").read_bytes()


def test_a_zip_within_a_zip_is_opened(tmp_path: Path) -> None:
    """Containers within containers are opened, and the place of a row names them all."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a/patients.csv", TABLE)
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    account = intake([write(tmp_path, "dump.zip", outer.getvalue())], tmp_path / "out", OPTIONS)

    assert ["dump.zip/inner.zip/a/patients.csv"] == [source["source"] for source in account["sources"]]
