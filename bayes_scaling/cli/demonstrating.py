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

        from bayes_scaling.cli.demo.folder import prepare_folder
        from bayes_scaling.cli.demo.running import FILES, fit_demo, write_demo
        from bayes_scaling.cli.demo.text import introduction, results_text, written_text
        from bayes_scaling.cli.demo.truth import demo_runs
        from bayes_scaling.fitting.sampling import Settings
    options.reporting_mistakes(partial(Settings, seed=seed))
    # Figures are written, never shown: a display, or the lack of one, is of no concern.
    mpl.use("Agg")
    folder = folder.expanduser()
    prepare_folder(folder, FILES)
    runs = demo_runs(seed)
    typer.echo(introduction(runs) + "\n")
    result = fit_demo(runs, seed, progress=progress)
    text = results_text(result.fit, result.forecast, result.plan, prob)
    typer.echo(f"\n{text}\n")
    write_demo(result, folder, progress=progress)
    typer.echo(written_text(folder, FILES))
