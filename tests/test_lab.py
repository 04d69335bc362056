"""`toolkit lab`, and the toolkit as a wheel gives it to somebody who has no checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.errors import ReportError
from toolkit.notebook import _lab as lab
from toolkit.notebook import copy_notebooks
from toolkit.report import _notebooks as notebooks
from toolkit.report import find_notebooks, supplied_notebooks

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = [".jupyter/jupyter_lab_config.py", ".jupyter/labconfig/default_setting_overrides.json"]


# --- Copies -----------------------------------------------------------------------------------------------------------


def test_notebooks_are_copied_once(tmp_path: Path) -> None:
    """A new folder gets every notebook and the settings of JupyterLab; the same again copies nothing."""
    first = copy_notebooks(tmp_path / "new")
    again = copy_notebooks(tmp_path / "new")

    assert (*(path.name for path in supplied_notebooks()), *SETTINGS) == first.written
    assert all(
        (ROOT / "notebooks" / name).read_bytes() == (tmp_path / "new" / name).read_bytes() for name in first.written
    )
    assert ((), (), ()) == (first.kept, again.written, again.kept)


def test_changed_notebooks_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A notebook that was changed is left as it is and named; one that was deleted comes back."""
    copy_notebooks(tmp_path)
    (tmp_path / "01_counts.ipynb").write_text("mine", encoding="utf-8")
    (tmp_path / "05_claims.ipynb").unlink()
    started: list[object] = []
    monkeypatch.setattr(lab, "start_lab", lambda folder, *, browser: started.append((folder, browser)))
    monkeypatch.setattr("toolkit.notebook.start_lab", lab.start_lab)

    code = main(["lab", str(tmp_path), "--no-browser"])

    printed = " ".join(capsys.readouterr().out.split())
    assert 0 == code
    assert [(tmp_path, False)] == started
    assert "mine" == (tmp_path / "01_counts.ipynb").read_text(encoding="utf-8")
    assert (tmp_path / "05_claims.ipynb").exists()
    assert "1 files copied to" in printed
    assert "Kept, because they differ from the originals: 01_counts.ipynb." in printed


def test_notebooks_are_looked_for_here_then_where_the_toolkit_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working directory comes first, then the checkout, then the package; an error where there are none."""
    monkeypatch.setattr(notebooks, "_CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(notebooks, "_PACKAGE", tmp_path / "package")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReportError, match=r"There are no notebooks in .*package: install the toolkit again"):
        find_notebooks()

    found = []
    for folder in ("package", "checkout", "notebooks"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "00_first.ipynb").touch()
        found.append(find_notebooks()[0].parent.name)

    assert ["package", "checkout", "notebooks"] == found


# --- A wheel in an environment of its own -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The `toolkit` command of a wheel in a new environment that sees the installed dependencies and not the checkout.

    Returns the path of the command, and the environment variables to run it with.
    """
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    install = ("install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", wheel)
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=folder)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).stdout.strip()
    # A path in such a file is searched, the .pth files in it are not read: the checkout stays out of sight.
    paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (Path(site) / "dependencies.pth").write_text("\n".join(paths) + "\n", encoding="utf-8")
    shared = Path(sys.prefix) / "share" / "jupyter"
    environment = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "JUPYTER_CONFIG_PATH"}
    }
    environment |= {"JUPYTER_PATH": str(shared), "JUPYTERLAB_DIR": str(shared / "lab")}
    environment |= {f"JUPYTER_{name}_DIR": str(folder / "jupyter" / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment |= {f"JUPYTERLAB_{name}_DIR": str(folder / "jupyter" / name) for name in ("SETTINGS", "WORKSPACES")}
    environment |= {"IPYTHONDIR": str(folder / "jupyter" / "ipython")}
    return scripts / "toolkit", environment


def run(*command: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that must succeed."""
    ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert 0 == ran.returncode, f"{ran.stdout[-2000:]}\n{ran.stderr[-4000:]}"
    return ran


@contextmanager
def running(
    command: list[str | Path], cwd: Path, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Start a command and stop it at the end; yields the process and the file of what it prints."""
    log = cwd / "log.txt"
    with log.open("wb") as out, subprocess.Popen(command, cwd=cwd, env=environment, stdout=out, stderr=out) as process:
        try:
            yield process, log
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def listening(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> dict[str, object]:
    """Wait until JupyterLab writes down that it listens, and return what it wrote."""
    end = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < end:
        for file in runtime.glob("jpserver-*.json"):
            if (text := file.read_text(encoding="utf-8")).endswith("}"):
                server: dict[str, object] = json.loads(text)
                return server
        time.sleep(0.2)
    pytest.fail(f"JupyterLab does not listen:\n{log.read_text(encoding='utf-8')[-3000:]}")


@pytest.mark.slow
def test_an_installed_toolkit_opens_its_notebooks(installed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """In an empty folder `toolkit lab` copies the notebooks, answers on the loopback address alone, and ends well."""
    command, environment = installed

    with running([command, "lab", "--no-browser"], tmp_path, environment) as (process, log):
        server = listening(process, Path(environment["JUPYTER_RUNTIME_DIR"]), log)
        address = f"{server['url']}api/contents?token={server['token']}"
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 (an address of our own server)
            shown = {entry["name"] for entry in json.load(answer)["content"]}

    assert "127.0.0.1" == server["hostname"]
    assert {path.name for path in supplied_notebooks()} <= shown
    assert 0 == process.returncode, log.read_text(encoding="utf-8")[-3000:]
    assert (tmp_path / "notebooks" / SETTINGS[0]).is_file()


@pytest.mark.slow
def test_an_installed_toolkit_investigates(installed: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    """In an empty folder the main job makes a leak, runs every notebook of the package and writes the report."""
    command, environment = installed

    ran = run(command, "investigate", "--rows", "1000", "--json", cwd=tmp_path, environment=environment)

    report = tmp_path / json.loads(ran.stdout)["report"]
    pages = {page.stem for page in (report.parent / "notebooks").glob("*.html")}
    assert report.is_file()
    assert {path.stem for path in supplied_notebooks()} == pages
    assert [] == list(tmp_path.rglob("*.ipynb"))
