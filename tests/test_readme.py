"""The README's Python runs as one session, and its commands name things that exist."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [code for name, code in FENCE.findall(README) if name == language]


SHELL = "\n".join(blocks("bash"))


def test_every_block_says_its_language() -> None:
    languages = {language for language, _ in FENCE.findall(README)}
    assert {"bash", "python"} <= languages <= {"bash", "python", "text"}


def test_python_blocks_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session: dict[str, Any] = {"__name__": "readme"}
    assert blocks("python")
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), session)


def test_commands_are_installed_by_what_the_readme_installs() -> None:
    known = {"pip", "python", "pytest", *PROJECT["scripts"]}
    assert "bayes-scaling" in known
    assert set(re.findall(r"\.venv/bin/(\S+)", SHELL)) <= known
    extras = {
        extra for listed in re.findall(r"\.\[([\w,]+)\]", SHELL) for extra in listed.split(",")
    }
    assert "test" in extras
    assert extras <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("command", sorted(set(re.findall(r"bayes-scaling ([a-z]+)", SHELL))))
def test_subcommands_exist(command: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "bayes_scaling", command, "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert finished.returncode == 0, finished.stderr
    assert command in finished.stdout


def test_ci_runs_the_test_command_of_this_readme() -> None:
    sections = re.split(r"^## ", README, flags=re.MULTILINE)
    section = next(text for text in sections if text.startswith("Run the tests\n"))
    [(language, command)] = FENCE.findall(section)
    assert language == "bash"
    assert ".venv/bin/pytest" in command
    assert '"## Run the tests"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
