"""Progress in a log, a terminal and a notebook."""

import io
import re
import time
from pathlib import Path

import pytest

from bayes_scaling.display import progress as _progress
from bayes_scaling.display.progress import stages

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def in_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TTY_COMPATIBLE", "0")


@pytest.fixture
def in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm-256color")


def work(show: bool = True, times: int = 1000) -> None:
    with stages(show) as shown:
        shown.start("compiling (once)")
        shown.start("sampling", times)
        for done in range(1, times + 1):
            shown.advance(done, "3 divergences")
        shown.finish()


def shown_of_work(capsys: pytest.CaptureFixture[str]) -> str:
    """What is shown of work, all of it on standard error."""
    work()
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def interrupted() -> None:
    with stages(True) as shown:
        shown.start("sampling", 10)
        raise KeyboardInterrupt


def test_a_log_has_two_lines_for_each_stage(
    in_a_log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    time_taken = r"\d+\.\d s"
    assert re.fullmatch(
        r"compiling \(once\): started\n"
        rf"compiling \(once\): finished in {time_taken}\n"
        r"sampling: started\n"
        rf"sampling: finished in {time_taken}, 3 divergences\n",
        shown_of_work(capsys),
    )


def test_a_dumb_terminal_is_a_log(
    in_a_terminal: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown_of_work(capsys)


def test_a_terminal_has_bars_that_move(
    in_a_terminal: None, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = shown_of_work(capsys)
    assert "\x1b[" in shown
    assert "sampling" in shown
    assert "3 divergences" in shown
    assert "started" not in shown


def test_nothing_is_shown_where_it_is_not_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    work(show=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("place", ["in_a_log", "in_a_terminal"])
def test_work_that_fails_says_so_and_raises(
    place: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    request.getfixturevalue(place)
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    written = capsys.readouterr().err
    if place == "in_a_log":
        assert re.search(r"sampling: stopped after \d", written)
    assert "finished" not in written


def test_a_stage_that_nobody_ends_ends_with_the_work(
    in_a_log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with stages(True) as shown:
        shown.start("refits", 4)
        shown.advance(4, "1 failed")
        shown.advance(4, "1 failed")
    shown.advance(4, "too late")
    assert re.search(r"refits: finished in \S+ s, 1 failed\n$", capsys.readouterr().err)


class Handle:
    """Handle of a notebook for an output that can be rewritten."""

    def __init__(self, first: dict[str, str]) -> None:
        self.states = [first]

    def update(self, bundle: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.states.append(bundle)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[Handle]:
    handles: list[Handle] = []

    def display(bundle: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        handles.append(Handle(bundle))
        return handles[-1]

    pytest.importorskip("IPython", reason="IPython is not installed")
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    return handles


def test_a_notebook_has_one_output_that_is_rewritten_now_and_then(
    notebook: list[Handle], capsys: pytest.CaptureFixture[str]
) -> None:
    start = time.perf_counter()
    work()
    rewritten = (time.perf_counter() - start) / _progress.REWRITTEN_EVERY
    assert capsys.readouterr() == ("", "")
    [handle] = notebook
    assert len(handle.states) <= 4 + rewritten
    last = handle.states[-1]
    assert re.fullmatch(
        r"compiling \(once\): finished in \S+ s\nsampling: finished in \S+ s, 3 divergences",
        last["text/plain"],
    )
    assert last["text/html"] == f"<pre>{last['text/plain']}</pre>"


def test_a_notebook_shows_how_far_the_work_is(
    notebook: list[Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "REWRITTEN_EVERY", 0)
    with stages(True) as shown:
        shown.start("refits of <b>", 4)
        shown.advance(1, "1 failed")
        assert notebook[0].states[-1]["text/plain"].startswith("refits of <b>: 25% after ")
        assert "&lt;b&gt;" in notebook[0].states[-1]["text/html"]


@pytest.mark.slow
# jupyter_client and pyzmq leave sockets and event loops to the garbage collector.
@pytest.mark.filterwarnings("default")
def test_a_notebook_keeps_little(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    code = (
        "import threading, time\n"
        "from bayes_scaling.display.progress import stages\n"
        "def report(shown):\n"
        "    for done in range(2000):\n"
        "        time.sleep(0.0005)\n"
        "        shown.advance(done)\n"
        "with stages(True) as shown:\n"
        "    shown.start('sampling', 2000)\n"
        "    thread = threading.Thread(target=report, args=[shown])\n"
        "    thread.start()\n"
        "    thread.join()\n"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    [output] = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data["text/plain"].startswith("sampling: finished in ")
    saved = io.StringIO()
    nbformat.write(notebook, saved)
    assert len(saved.getvalue()) < 2500
