"""The notebooks run from top to bottom, and what is committed is a full run of them."""

import copy
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

import bayes_scaling as bs
from bayes_scaling.errors import DatasetError

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
UPSTREAM = ROOT.parent / "shared" / "data" / "upstream"

BANNER = "SMOKE RUN"
LARGEST = 600_000
"""Bytes of a notebook: what a page shows without waiting."""

MACHINE_PATH = re.compile(
    r"(?<![\w.:/])(?:/(?:home|mnt|opt|root|tmp|usr|var|work|Users)/|[A-Z]:\\)"
)

type Notebook = dict[str, Any]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Notebook:
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code_cells(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def outputs(notebook: Notebook) -> list[dict[str, Any]]:
    return [output for cell in code_cells(notebook) for output in cell["outputs"]]


def without_pictures(notebook: Notebook) -> str:
    """All text of a notebook; pictures in base64 hold any run of letters and slashes."""
    plain = copy.deepcopy(notebook)
    for output in outputs(plain):
        output.get("data", {}).pop("image/png", None)
    return json.dumps(plain, ensure_ascii=False)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@each_notebook
def test_committed_outputs_are_of_one_run_from_top_to_bottom(path: Path) -> None:
    counts = [cell["execution_count"] for cell in code_cells(read(path))]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_committed_outputs_hold_pictures_and_no_error(path: Path) -> None:
    found = outputs(read(path))
    assert any("image/png" in output.get("data", {}) for output in found)
    assert not [output for output in found if output["output_type"] == "error"]
    assert not [output for output in found if output.get("name") == "stderr"]


@each_notebook
def test_committed_outputs_are_of_a_full_run(path: Path) -> None:
    assert BANNER not in json.dumps(outputs(read(path)))


@each_notebook
def test_no_path_of_a_machine_is_committed(path: Path) -> None:
    assert MACHINE_PATH.findall(without_pictures(read(path))) == []


@pytest.mark.parametrize("text", ['"/home/ada/runs.nc"', "at /tmp/x", r"C:\Users", "'/work/a'"])
def test_paths_of_a_machine_are_recognised(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["</table>", "https://example.org/home/a", "a/tmp/b", "nats/work"])
def test_other_text_is_no_path_of_a_machine(text: str) -> None:
    assert not MACHINE_PATH.search(text)


@each_notebook
def test_notebook_is_small(path: Path) -> None:
    assert path.stat().st_size < LARGEST


@pytest.mark.slow
@each_notebook
# jupyter_client and pyzmq leave sockets and event loops to the garbage collector.
@pytest.mark.filterwarnings("default")
def test_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    notebook = nbformat.read(path, as_version=4)
    if loaded := re.findall(r'datasets\.load\("(\w+)"\)', str(code_cells(notebook))):
        folder = os.environ.get("BAYES_SCALING_DATA") or str(UPSTREAM)
        monkeypatch.setenv("BAYES_SCALING_DATA", folder)
        try:
            for name in loaded:
                bs.datasets.load(name)
        except DatasetError as error:
            pytest.skip(f"{path.name} loads published runs: {error}")
    monkeypatch.setenv("BAYES_SCALING_SMOKE", "1")
    # The kernel is a process of its own, which does not see the path that pytest sets.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    work = tmp_path / "work"
    work.mkdir()
    for cell in code_cells(notebook):
        cell["outputs"] = []
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(work)}}
    )
    client.execute()
    assert BANNER in json.dumps(outputs(notebook))
    assert any("image/png" in output.get("data", {}) for output in outputs(notebook))
    assert list(work.iterdir()) == []
