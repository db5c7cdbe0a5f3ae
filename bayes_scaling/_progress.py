"""Progress shown to a person: one line that names the stage, in terminal, notebook or log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Stages:
    """The stages of one piece of work, on standard error, or nowhere when not shown."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def start(self, stage: str, total: int | None = None) -> None:
        """Name the stage that begins; without a total, its length is not known."""
        if self._task is not None:
            self.finish()
        self._task = self._progress.add_task(stage, total=total, note="")

    def advance(self, completed: int, note: str = "") -> None:
        """Say how much of the stage is done."""
        if self._task is not None:
            self._progress.update(self._task, completed=completed, note=note)

    def finish(self) -> None:
        """Mark the stage as done."""
        if self._task is not None:
            total = self._progress.tasks[self._task].total or 1
            self._progress.update(self._task, total=total, completed=total)


@contextmanager
def stages(show: bool) -> Iterator[Stages]:
    """Show the stages of the work inside the ``with`` block."""
    progress = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        disable=not show,
    )
    with progress:
        yield Stages(progress)
