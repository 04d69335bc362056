"""The project: its architecture, package, commands, pinned packages, and files that must not be in it."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONTRACTS = {contract["id"]: contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}

DOCUMENTS = {".md", ".ipynb", ".toml", ".yaml", ".lock"}
HOME_DIRECTORY = re.compile(r"/(?:home|root|Users)/\w")
# A path from the root of some machine, less those that every machine has and the "/path/to" of an example.
MACHINE_PATH = re.compile(r"(?<![\w.~:/<>)}\]*$-])/(?!(?:bin|dev|etc|path|proc|tmp|usr|var)/)[a-z][\w.-]*/[\w.]")


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run one of our tools as a user would, free of the settings of a `make` that may have started the tests."""
    inherited = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "ROWS", "SEED"}
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def lint_imports(cwd: Path) -> subprocess.CompletedProcess[str]:
    """Check the architecture of the `toolkit` package in `cwd`."""
    return run(Path(sysconfig.get_path("scripts")) / "lint-imports", "--no-cache", "--no-logo", cwd=cwd)


def project_files() -> list[Path]:
    """Every file that git tracks, or would on the next `git add`."""
    listing = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    assert 0 == listing.returncode, listing.stderr
    return [ROOT / name for name in sorted(set(listing.stdout.split("\0"))) if name and (ROOT / name).is_file()]


# --- Layers -----------------------------------------------------------------------------------------------------------


def test_contracts_are_kept() -> None:
    """The analysis and the maker do not import each other, and no lower layer imports a higher one."""
    checked = lint_imports(ROOT)

    assert 0 == checked.returncode, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("analysis/__init__.py", "import toolkit.synth", "analyst-and-maker"),
        ("synth/__init__.py", "from toolkit import analysis", "analyst-and-maker"),
        ("dataset/_leak.py", "from toolkit import charts", "layers"),
        ("unlisted.py", "import math", "layers"),
        ("dataset/_leak.py", "from toolkit import scenario", "analyst-reads-the-leak"),
        ("synth/__init__.py", "import toolkit.dataset._leak", "maker-writes-the-leak"),
        ("charts/__init__.py", "from toolkit import schema", "charts-are-independent"),
        ("second_count/_lines.py", "from toolkit import schema", "second-count-is-independent"),
        ("second_count/_lines.py", "from toolkit import reference", "second-count-is-independent"),
        ("reference/__init__.py", "from toolkit import schema", "layers"),
    ],
)
def test_broken_contract_is_noticed(tmp_path: Path, module: str, line: str, contract: str) -> None:
    """One forbidden import, or one module without a layer, breaks its contract."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for source in (ROOT / "toolkit").rglob("*.py"):
        copy = tmp_path / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    with (tmp_path / "toolkit" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")

    checked = lint_imports(tmp_path)

    assert 1 == checked.returncode, checked.stdout + checked.stderr
    assert f"{CONTRACTS[contract]} BROKEN" in checked.stdout


# --- Package ----------------------------------------------------------------------------------------------------------


def test_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    """An installed wheel has the scenarios, vocabularies, marker of types and notebooks that the checkout has."""
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    assert 0 == built.returncode, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        actual = {name for name in archive.namelist() if ".dist-info/" not in name}

    files = [path.relative_to(ROOT).as_posix() for path in project_files()]
    package = {name for name in files if name.startswith("toolkit/")}
    notebooks = {f"toolkit/_{name}" for name in files if name.startswith("notebooks/")}
    assert package | notebooks == actual
    assert {"toolkit/py.typed", "toolkit/scenarios/mlm-2026.toml"} <= actual
    assert {"toolkit/_notebooks/00_start_here.ipynb", "toolkit/_notebooks/.jupyter/jupyter_lab_config.py"} <= actual


# --- Pins -------------------------------------------------------------------------------------------------------------


def test_lock_holds_names_versions_and_hashes_only() -> None:
    """No line of the lock file can hold an address, a path or an option of an installer."""
    pin = re.compile(r"[a-z0-9][a-z0-9.-]*==[\w.+!]+(?: ; [\w.'<>=!*() ]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")

    strange = [line for line in LOCK.splitlines() if not (pin.fullmatch(line) or digest.fullmatch(line))]

    assert [] == strange


def test_lock_serves_every_requirement() -> None:
    """Each package that pyproject.toml asks for, extras included, is pinned at a version that it accepts."""
    pins: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK, flags=re.MULTILINE):
        pins.setdefault(name, []).append(version)
    project = PROJECT["project"]
    asked = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    requirements = [Requirement(line) for line in asked + PROJECT["build-system"]["requires"]]

    unserved = [
        str(requirement)
        for requirement in requirements
        if not (versions := pins.get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version) for version in versions)
    ]

    assert [] == unserved


# --- Commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["setup", "investigate", "test", "lab", "docs", "notebooks", "bench", "lock", "clean"]
)
def test_make_knows_target(target: str) -> None:
    """Each command that the documents promise is a target of the Makefile."""
    planned = run("make", "--dry-run", target)

    assert 0 == planned.returncode, planned.stderr


def test_investigate_takes_rows_and_seed() -> None:
    """`make investigate` hands the size and the seed to `toolkit investigate`, 22 million and 1 unless told."""
    untold = run("make", "--dry-run", "investigate").stdout
    told = run("make", "--dry-run", "investigate", "ROWS=2000", "SEED=7").stdout

    assert "toolkit investigate --rows 22000000 --seed 1\n" in untold
    assert "toolkit investigate --rows 2000 --seed 7\n" in told


def test_documents_name_only_targets_that_exist() -> None:
    """A `make` command told in a Markdown document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))

    told = {
        (path.name, target)
        for path in project_files()
        if path.suffix == ".md"
        for target in re.findall(r"(?:`|^\$? ?)make ([a-z]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }

    assert told, "no document tells a make command"
    assert set() == {(name, target) for name, target in told if target not in targets}


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """`.ci/run` is a script that ends with the test command that the README tells."""
    script = ROOT / ".ci" / "run"

    last_line = script.read_text(encoding="utf-8").splitlines()[-1]

    assert os.access(script, os.X_OK)
    assert "make test" == last_line
    assert last_line in (ROOT / "README.md").read_text(encoding="utf-8")


# --- Files that must not be there -------------------------------------------------------------------------------------


# What a stored notebook says of where it runs, and nothing of the machine on which somebody ran it.
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
PASSES_THE_HOOK = {"keep_output", "init_cell"}


def test_notebooks_are_stored_without_outputs() -> None:
    """Outside docs/ no notebook holds an output, a count, a widget's state or a word of a machine, or asks to."""
    notebooks = [path for path in project_files() if path.suffix == ".ipynb" and not path.is_relative_to(ROOT / "docs")]
    assert notebooks, "no notebook is stored"

    faults = []
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        if notebook.metadata != NOTEBOOK_METADATA:
            faults.append(f"{path.name} has other metadata: {notebook.metadata}")
        for cell in notebook.cells:
            where = f"{path.name}, cell {cell.id}"
            if cell.get("outputs") or cell.get("execution_count") is not None or cell.get("attachments"):
                faults.append(f"{where} holds an output or a picture")
            if set(cell.metadata) - {"tags"} or PASSES_THE_HOOK & set(cell.metadata.get("tags", [])):
                faults.append(f"{where} has metadata {cell.metadata}")

    assert [] == faults


def test_the_hook_strips_notebooks_and_leaves_docs_alone(tmp_path: Path) -> None:
    """Before a commit, what a run left in a notebook goes and nothing else does; an executed copy in docs/ stays."""
    stored = ROOT / "notebooks" / "00_start_here.ipynb"
    places = [tmp_path / "notebooks" / stored.name, tmp_path / "docs" / stored.name]
    for place in places:
        place.parent.mkdir()
        place.write_text(as_run(stored), encoding="utf-8")
    (tmp_path / ".venv").symlink_to(Path(sysconfig.get_path("scripts")).parent)
    shutil.copy(ROOT / ".pre-commit-config.yaml", tmp_path)
    assert 0 == run("git", "init", "--quiet", cwd=tmp_path).returncode
    assert 0 == run("git", "add", "notebooks", "docs", ".pre-commit-config.yaml", cwd=tmp_path).returncode
    home = f"PRE_COMMIT_HOME={tmp_path / 'cache'}"

    hook = run("env", home, ".venv/bin/pre-commit", "run", "nbstripout", "--all-files", cwd=tmp_path)

    assert 1 == hook.returncode, hook.stdout + hook.stderr
    kept, executed = (place.read_text(encoding="utf-8") for place in places)
    assert stored.read_text(encoding="utf-8") == kept
    assert as_run(stored) == executed


def as_run(notebook: Path) -> str:
    """A stored notebook as JupyterLab saves it after a run, with all that a run may leave in it."""
    ran = nbformat.read(notebook, as_version=4)
    ran.metadata["language_info"] |= {"version": "3.11.7", "codemirror_mode": {"name": "ipython", "version": 3}}
    ran.metadata["language_info"] |= {"file_extension": ".py", "mimetype": "text/x-python"}
    ran.metadata["language_info"] |= {"nbconvert_exporter": "python", "pygments_lexer": "ipython3"}
    ran.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"1": "Martin"}}}
    ran.metadata["papermill"] = {"input_path": "mine.ipynb", "duration": 1.5}
    for count, cell in enumerate(ran.cells):
        cell.metadata |= {"papermill": {"status": "completed"}, "collapsed": False}
        if cell.cell_type == "code":
            cell.execution_count = count
            cell.metadata["execution"] = {"iopub.execute_input": "2026-11-22T10:00:00Z"}
            cell.outputs = [nbformat.v4.new_output("stream", text="Martin")]
    return str(nbformat.writes(ran))


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    """No text names a home directory or this checkout's place, and no document an absolute path of one machine."""
    leaks = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures and Parquet files
        found = HOME_DIRECTORY.findall(text) + ([str(ROOT)] if str(ROOT) in text else [])
        if path.suffix in DOCUMENTS:
            found += MACHINE_PATH.findall(text)
        leaks += [f"{path.relative_to(ROOT)}: {leak}" for leak in found]

    assert [] == leaks


def test_generated_data_are_not_stored() -> None:
    """Of `data/synthetic/`, only the page that explains it is part of the project."""
    stored = [path.name for path in project_files() if path.parent == ROOT / "data" / "synthetic"]

    assert ["README.md"] == stored


# --- Private modules --------------------------------------------------------------------------------------------------


def imported_modules(path: Path) -> set[str]:
    """Return the modules of the toolkit that a Python file or a notebook imports, wherever it does."""
    if path.suffix == ".ipynb":
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    else:
        text = path.read_text(encoding="utf-8")
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("toolkit.")}


def private_imports(path: Path, module: str) -> set[str]:
    """Return the private modules that a file imports from a package that it is not in; `module` is its own name."""
    found = set()
    for name in imported_modules(path):
        parts = name.split(".")
        place = next((n for n, part in enumerate(parts) if part.startswith("_") and not part.startswith("__")), None)
        if place is not None and not f"{module}.".startswith(".".join(parts[:place]) + "."):
            found.add(name)
    return found


def test_no_private_module_is_imported_from_outside_its_package() -> None:
    """Code of other packages, notebooks, benchmarks and maintenance scripts use the public face of a package."""
    users = [path for path in project_files() if path.suffix in {".py", ".ipynb"} and "tests" not in path.parts]
    modules = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in users}

    assert {} == {
        path.relative_to(ROOT).as_posix(): found
        for path, module in modules.items()
        if (found := private_imports(path, module))
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from toolkit.run._steps import GENERATE", {"toolkit.run._steps", "toolkit.run._steps.GENERATE"}),
        ("def f():\n    from toolkit.run import _steps", {"toolkit.run._steps"}),
        ("from toolkit.report._view import page_content", set()),
        ("from toolkit.run import rerun", set()),
    ],
)
def test_import_of_a_private_module_is_noticed(tmp_path: Path, line: str, expected: set[str]) -> None:
    """An import of a private module from another package is found, also inside a function; one from its own is not."""
    file = tmp_path / "file.py"
    file.write_text(line, encoding="utf-8")

    assert expected == private_imports(file, "toolkit.report._page")


def test_public_faces_list_what_exists() -> None:
    """Every package's `__all__` names only what the package has, and its `__init__` has a docstring."""
    packages = [path for path in project_files() if path.name == "__init__.py" and ROOT / "toolkit" in path.parents]
    for path in packages:
        module = importlib.import_module(".".join(path.parent.relative_to(ROOT).parts))
        assert module.__doc__
        assert [] == [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
