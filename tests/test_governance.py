"""What surrounds the code: the citation, the security policy and the templates agree with the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_citation_names_the_version_of_the_package() -> None:
    """CITATION.cff has the version and the licence of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")

    cited = dict(re.findall(r"^(cff-version|version|license): (\S+)$", citation, flags=re.MULTILINE))

    assert {"cff-version": "1.2.0", "version": project["version"], "license": project["license"]} == cited


def test_templates_ask_for_no_real_data() -> None:
    """The security policy and every template in which text is pasted warn against real personal data."""
    places = ["SECURITY.md", ".github/PULL_REQUEST_TEMPLATE.md", ".github/ISSUE_TEMPLATE/bug.yml"]

    texts = {place: (ROOT / place).read_text(encoding="utf-8") for place in places}

    assert [] == [place for place, text in texts.items() if "real personal data" not in text]


def test_readme_fits_two_screens_and_links_to_files_that_exist() -> None:
    """The README has at most 120 lines, and each of its links and pictures leads to a file of the project."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    linked = [target for target in re.findall(r"\]\(([^)\s]+)\)", readme) if "://" not in target]

    assert len(readme.splitlines()) <= 120
    assert {"docs/start/journalist.md", "docs/start/researcher.md", "docs/start/trainer.md"} <= set(linked)
    assert [] == [target for target in linked if not (ROOT / target).is_file()]
