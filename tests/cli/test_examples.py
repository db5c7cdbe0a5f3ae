"""The first notebook as code: printed, shown, saved, and inside the wheel."""

import ast
import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import bayes_scaling as bs
from bayes_scaling.cli.demo import examples
from bayes_scaling.errors import BayesScalingError


@pytest.fixture
def notebook(repository: Path) -> dict:
    return json.loads((repository / "notebooks" / examples.NOTEBOOK).read_text(encoding="utf-8"))


def test_the_code_is_that_of_the_notebook(notebook: dict) -> None:
    code = str(bs.example())
    ast.parse(code)
    for cell in notebook["cells"]:
        source = "".join(cell["source"]).rstrip()
        assert cell["cell_type"] == "markdown" or source in code
    assert code.count("# %%\n") + code.count("# %% [markdown]\n") == len(notebook["cells"])
    assert repr(bs.example()) == code


def test_jupyter_shows_it_highlighted() -> None:
    shown = bs.example()._repr_html_()
    assert "<span style=" in shown
    assert "isoflop_design" in shown


def test_without_pygments_it_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygments", None)
    shown = bs.example()._repr_html_()
    assert shown.startswith("<pre># %% [markdown]\n# # A first fit")
    assert "&quot;E&quot;" in shown


def test_it_is_saved_as_a_script(tmp_path: Path) -> None:
    path = tmp_path / "first.py"
    assert str(bs.example(path)) == path.read_text(encoding="utf-8")


def test_it_is_saved_as_a_notebook_without_outputs(tmp_path: Path, notebook: dict) -> None:
    saved = bs.example().save(tmp_path / "first.ipynb")
    found = json.loads(saved.read_text(encoding="utf-8"))
    assert [cell["source"] for cell in found["cells"]] == [c["source"] for c in notebook["cells"]]
    assert all(not cell.get("outputs") for cell in found["cells"])
    assert found["metadata"] == notebook["metadata"]
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbformat.validate(nbformat.read(saved, as_version=4))


def test_files_are_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(BayesScalingError, match="a file that exists is never replaced"):
        bs.example(path)
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["first.txt", "first"])
def test_other_kinds_of_files_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BayesScalingError, match=rf"'{name}' ends neither in .py nor in .ipynb"):
        bs.example(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BayesScalingError, match=r"nowhere.*cannot be written"):
        bs.example(tmp_path / "nowhere" / "first.py")


def test_an_installation_without_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "_FOLDERS", (Path("nowhere"),))
    with pytest.raises(BayesScalingError, match=r"01_first_fit.ipynb is missing"):
        bs.example()


@pytest.mark.slow
def test_the_wheel_has_it(repository: Path, tmp_path: Path) -> None:
    # Without hatchling here, pip fetches it for the build.
    isolation = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *isolation]
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(repository)], check=True)
    [wheel] = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "import bayes_scaling as bs; print(bs.example().path); print(bs.example())"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(tmp_path / "site"), "PYTHONIOENCODING": "utf-8"},
        cwd=tmp_path,
    )
    path, code = ran.stdout.split("\n", 1)
    assert Path(path) == tmp_path / "site" / "bayes_scaling" / "_notebooks" / examples.NOTEBOOK
    assert code.strip() == str(bs.example()).strip()
