"""Cells of notebooks that a data set does not allow: skipped with one reason, together with the cells that need
them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from toolkit.dataset import Leak, open_leak
from toolkit.errors import InputError, MissingError
from toolkit.notebook import needs
from toolkit.notebook._needs import _SkipUnmet, why_not
from toolkit.report import SKIPPED

TABLES = ("truth/lines", "public_figures", "practices", "practitioners")


@pytest.fixture(scope="module")
def bare(write_data_set: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leak]:
    """Open the nine lines as received files: without truth, register, practices and practitioners."""
    directory = write_data_set(tmp_path_factory.mktemp("bare"))
    file = directory / "manifest.json"
    files = [entry for entry in json.loads(file.read_text())["files"] if not entry["path"].startswith(TABLES)]
    file.write_text(json.dumps({"format": 1, "files": files}), encoding="utf-8")
    with open_leak(directory, threads=1) as opened:
        yield opened


class Notebook:
    """A shell that runs cells as a notebook does."""

    def __init__(self, leak: Leak) -> None:
        self.shell = InteractiveShell()  # type: ignore[no-untyped-call]
        self.names = self.shell.user_ns
        self.names.update(leak=leak, needs=needs)
        self.shell.ast_transformers.append(_SkipUnmet(self.names))

    def run(self, cell: str) -> str:
        """Run a cell, and return what it shows; raise the error of the cell, if there is one."""
        ran = self.shell.run_cell(cell)  # type: ignore[no-untyped-call]
        ran.raise_error()
        return "" if ran.result is None else str(getattr(ran.result, "data", ran.result))


@pytest.fixture
def notebook(bare: Leak, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    """Return a shell in which `leak` is the data set of received files."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = Notebook(bare)
    yield made
    made.shell.history_manager.end_session()


def test_skipped_cell_shows_its_reason(notebook: Notebook) -> None:
    """A cell that needs the truth shows why it is skipped, in one sentence, and does not run."""
    shown = notebook.run('needs(leak, "truth")\nsensitive = leak.truth.count()')

    assert f"{SKIPPED} the data set has no truth, which only a synthetic data set has.*" == shown
    assert "sensitive" not in notebook.names


def test_reason_is_shown_once(notebook: Notebook) -> None:
    """The next cell with the same reason shows nothing; after a cell that runs, the reason is shown again."""
    cell = 'needs(leak, "truth")\nx = 1'

    assert notebook.run(cell).startswith(SKIPPED)
    assert "" == notebook.run(cell)
    assert "register of public figures" in notebook.run('needs(leak, "register")\nx = 1')
    notebook.run("other = 1")
    assert notebook.run(cell).startswith(SKIPPED)


@pytest.mark.parametrize(
    "cell",
    [
        "x + 1",
        "x = x + 1",
        "x += 1",
        "total = [x for _ in range(3)]",
        "def twice():\n    return 2 * x",
        "double(3)",
        "Path('.')",
    ],
)
def test_dependent_cell_is_skipped(notebook: Notebook, cell: str) -> None:
    """A cell that reads a name of a skipped cell is skipped, whether a value, a function or an import has that name."""
    notebook.run('needs(leak, "truth")\nx = 1\ndef double(n):\n    return 2 * n\nfrom pathlib import Path')

    assert "" == notebook.run(cell)
    assert not {"total", "twice"} & set(notebook.names)


def test_dependents_of_dependents_are_skipped(notebook: Notebook) -> None:
    """A cell that needs the result of a dependent cell is skipped too."""
    notebook.run('needs(leak, "truth")\nx = 1')
    notebook.run("y = x + 1")
    notebook.run("z = y + 1")

    assert not {"x", "y", "z"} & set(notebook.names)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("[x for x in range(2)]", "[0, 1]"), ("(lambda x: x + 1)(1)", "2"), ("x = 5\nx", "5"), ("1 + 1", "2")],
)
def test_cell_with_a_name_of_its_own_runs(notebook: Notebook, cell: str, expected: str) -> None:
    """A cell that only defines a name of a skipped cell, or uses it as a local name, runs."""
    notebook.run('needs(leak, "truth")\nx = 1')

    assert expected == notebook.run(cell)


def test_name_that_is_defined_again_can_be_used(notebook: Notebook) -> None:
    """After a cell that defines the name without the data set, the dependent cells run again."""
    notebook.run('needs(leak, "truth")\nx = 1')
    notebook.run("x = 2")

    assert "3" == notebook.run("x + 1")


def test_cell_with_what_it_needs_runs(notebook: Notebook) -> None:
    """A cell runs where the data set has all that it names: columns, one of several columns, questions."""
    assert "9" == notebook.run('needs(leak, "last_name", "email|nir", "counts")\nleak.lines.count().execute()')


def test_other_data_set_in_the_same_notebook(notebook: Notebook, leak: Leak) -> None:
    """A data set opened later in the same notebook decides from then on."""
    notebook.run('needs(leak, "truth")\nx = 1')
    notebook.names["leak"] = leak

    assert "1" == notebook.run('needs(leak, "truth")\nx = 1\nx')


def test_unknown_name_is_an_error_in_the_notebook(notebook: Notebook) -> None:
    """A name that is no table, column or question raises the error in its cell, and later cells are still skipped."""
    with pytest.raises(InputError, match="'weather' is no table, column or question"):
        notebook.run('needs(leak, "weather")\nx = 1')

    assert notebook.run('needs(leak, "truth")\nx = 1').startswith(SKIPPED)


def test_needs_raises_outside_of_a_notebook(bare: Leak, leak: Leak) -> None:
    """Outside of IPython `needs` raises `MissingError` with the reason, and nothing where the data set has it."""
    with pytest.raises(MissingError, match="the data set has no table of practices"):
        needs(bare, "last_name", "practices")
    with pytest.raises(InputError, match="'weather' is no table, column or question"):
        needs(bare, "weather")
    with pytest.raises(InputError, match=r"'nir\|weather' is no table, column or question"):
        needs(bare, "nir|weather")

    needs(leak, "truth", "register", "practices", "practitioners", "synthetic", "public-figures")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("synthetic", "the data set is not synthetic"),
        ("register", "the data set has no register of public figures"),
        ("email", "the data set has no values of email"),
        ("email|landline_phone", "the data set has no values of email or landline_phone"),
        ("public-figures", "the data set has no register of public figures; give one with --register"),
    ],
)
def test_reasons(bare: Leak, name: str, reason: str) -> None:
    """Each kind of name has a reason as one phrase."""
    assert reason == why_not(bare, name)
