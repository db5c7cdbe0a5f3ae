"""``bayes-scaling demo``: fit, forecast and allocation of a sweep whose truth is known."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from bayes_scaling.cli import options


def demo(
    folder: Annotated[
        Path, typer.Option(help="Where figures, runs and the fit are written.")
    ] = Path("bayes-scaling-demo"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sweep and of the sampler.")] = 1,
    prob: options.Prob = None,
    no_progress: options.NoProgress = False,
) -> None:
    """Fit a simulated sweep, and compare every answer with the truth.

    Simulates a sweep of two corpora from a known truth, fits it, forecasts and allocates, and
    prints every answer beside the truth. Takes less than a minute. Figures, runs and the fit are
    written to a folder.
    """
    progress = not no_progress
    with options.loading(progress):
        import matplotlib as mpl

        import bayes_scaling.cli.demo as demonstration
        from bayes_scaling.fitting.sampling import Settings
    options.reporting_mistakes(partial(Settings, seed=seed))
    # Figures are written, never shown: a display, or the lack of one, is of no concern.
    mpl.use("Agg")
    folder = folder.expanduser()
    demonstration.prepare_folder(folder, demonstration.FILES)
    runs = demonstration.simulated_runs(seed)
    typer.echo(demonstration.introduction(runs) + "\n")
    result = demonstration.fit_demo(runs, seed, progress=progress)
    text = demonstration.results_text(result.fit, result.forecast, result.plan, prob)
    typer.echo(f"\n{text}\n")
    demonstration.write_demo(result, folder, progress=progress)
    typer.echo(demonstration.written_text(folder, demonstration.FILES))
