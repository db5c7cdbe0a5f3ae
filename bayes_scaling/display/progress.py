"""Progress of the stages of some work, in a terminal, a notebook or a log.

A terminal gets a bar that moves, a notebook one output that is rewritten, a log a line when a stage
begins and one when it ends. Standard output is left to results.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

REWRITTEN_EVERY = 0.25
"""Seconds between two states of the output in a notebook."""


@dataclass
class Stage:
    """One stage of some work: its length, if that is known, and how much of it is done."""

    name: str
    total: int | None
    completed: int = 0
    note: str = ""
    end: str = ""
    began: float = field(default_factory=time.perf_counter)

    @property
    def elapsed(self) -> str:
        """Time since it began, and the note."""
        seconds = f"{time.perf_counter() - self.began:.1f} s"
        return f"{seconds}, {self.note}" if self.note else seconds


class Display:
    """A place where stages are shown: here, nowhere."""

    def begin(self, stage: Stage) -> None:
        """Show a new stage."""

    def move(self, stage: Stage) -> None:
        """Show its progress."""

    def finish(self, stage: Stage) -> None:
        """Show its end."""


class Stages:
    """The stages of one piece of work, one after the other."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._stage: Stage | None = None

    def start(self, stage: str, total: int | None = None) -> None:
        """Name the stage that begins; without a total, its length is not known."""
        self.finish()
        self._stage = Stage(stage, total)
        self._display.begin(self._stage)

    def advance(self, completed: int, note: str = "") -> None:
        """Report progress of the stage."""
        # A sampler may report from its own thread when the stage has just ended.
        if (stage := self._stage) is not None:
            stage.completed, stage.note = completed, note
            self._display.move(stage)

    def finish(self, end: str = "finished in") -> None:
        """Mark the stage as done, or as ended otherwise."""
        if (stage := self._stage) is not None:
            self._stage = None
            stage.end = f"{end} {stage.elapsed}"
            self._display.finish(stage)


@contextmanager
def stages(show: bool) -> Iterator[Stages]:
    """Show the stages of the work inside the ``with`` block."""
    with _display(show) as display:
        shown = Stages(display)
        try:
            yield shown
        except BaseException:
            shown.finish("stopped after")
            raise
        shown.finish()


@contextmanager
def _display(show: bool) -> Iterator[Display]:
    console = Console(stderr=True)
    if not show:
        yield Display()
    elif console.is_jupyter:
        yield _Output()
    elif console.is_terminal and not console.is_dumb_terminal:
        with _bar(console) as progress:
            yield _Bar(progress)
    else:
        yield _Log()


class _Log(Display):
    """Two lines for each stage, without control characters."""

    def begin(self, stage: Stage) -> None:
        print(f"{stage.name}: started", file=sys.stderr, flush=True)  # noqa: T201

    def finish(self, stage: Stage) -> None:
        print(f"{stage.name}: {stage.end}", file=sys.stderr, flush=True)  # noqa: T201


class _Output(Display):
    """One output of a cell with a line for each stage; the notebook keeps its last state only."""

    def __init__(self) -> None:
        self._stages: list[Stage] = []
        self._handle: Any = None
        self._written = 0.0

    def begin(self, stage: Stage) -> None:
        self._stages.append(stage)
        self._write()

    def move(self, stage: Stage) -> None:  # noqa: ARG002
        if time.perf_counter() - self._written >= REWRITTEN_EVERY:
            self._write()

    def finish(self, stage: Stage) -> None:  # noqa: ARG002
        self._write()

    def _write(self) -> None:
        # A kernel has it; elsewhere it is not needed.
        from IPython.display import display

        text = "\n".join(map(_line, self._stages))
        bundle = {"text/plain": text, "text/html": f"<pre>{escape(text)}</pre>"}
        self._written = time.perf_counter()
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def _line(stage: Stage) -> str:
    if stage.end or not stage.total:
        return f"{stage.name}: {stage.end or stage.elapsed}"
    return f"{stage.name}: {stage.completed / stage.total:.0%} after {stage.elapsed}"


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
    )


class _Bar(Display):
    """A bar for each stage, which moves."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, stage: Stage) -> None:
        self._task = self._progress.add_task(stage.name, total=stage.total, note="")

    def move(self, stage: Stage) -> None:
        if self._task is not None:
            self._progress.update(self._task, completed=stage.completed, note=stage.note)

    def finish(self, stage: Stage) -> None:
        if self._task is None:
            return
        if stage.end.startswith("finished"):
            total = stage.total or 1
            self._progress.update(self._task, total=total, completed=total)
        self._progress.stop_task(self._task)
