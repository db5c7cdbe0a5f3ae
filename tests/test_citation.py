"""CITATION.cff has what the format requires and does not contradict the package."""

import re
import tomllib
from pathlib import Path


def top_level(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z-]+):[ ]*(.*)$", text, flags=re.MULTILINE))


def test_citation_agrees_with_the_package(repository: Path) -> None:
    entries = top_level((repository / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(entries)
    assert entries["cff-version"] == "1.2.0"
    assert entries["license"] == project["license"]
    assert project["name"] in entries["title"]
    # A version here would go stale: the package itself reports the installed one.
    assert "version" not in entries
