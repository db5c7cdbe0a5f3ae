"""The gallery of plots: each function of `bayes_scaling.plots` drawn from a stored posterior."""

import inspect
import re
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from known_fits import curve_fit, isoflop_fit

import bayes_scaling as bs

STORED = Path(__file__).resolve().parents[1] / "tests" / "data" / "pooled_fit.nc"

HEAD = """Plots
=====

.. currentmodule:: bayes_scaling.plots

One figure for each question, all from :mod:`bayes_scaling.plots`. Each is drawn by the lines above
it when this page is made, from ``fit``, a stored posterior of Chinchilla's law with E, A and B
pooled over two simulated corpora. It was thinned to 400 draws to be stored, too few to count as
converged; plots say so in their titles, which are left out here.

"""

CALLS = {
    "fit_curves": "bs.plots.fit_curves(fit)",
    "delta": "bs.plots.delta(fit)",
    "residuals": "bs.plots.residuals(fit)",
    "prior_posterior": 'bs.plots.prior_posterior(fit, var_names=["E", "A", "alpha", "beta"])',
    "shrinkage": 'bs.plots.shrinkage(fit, "E")',
    "published": 'bs.plots.published(fit, var_names=["E", "alpha", "beta"])',
    "forecast_fan": "bs.plots.forecast_fan(bs.forecast(fit, params=[7e10], tokens=[1.4e12]))",
    "allocation": "bs.plots.allocation(bs.allocate(fit, [1e22, 5.76e23]))",
    "near_optimal": "bs.plots.near_optimal(bs.near_optimal(fit, 1e22))",
    "isolines": """\
web = pd.DataFrame({"corpus": ["web"]})
bs.plots.isolines(bs.decisions.isoflop_curves(fit, [1e19, 1e20, 1e21], at=web))""",
    "level_comparison": """\
compute = np.geomspace(1e19, 1e23, 25)
bs.plots.level_comparison(bs.compare_levels(fit, "books", "web", compute))""",
    "needed": "bs.plots.needed(bs.needed(fit, np.linspace(1.75, 2.35, 25)))",
    "next_runs": """\
params, tokens = np.meshgrid(np.geomspace(1e8, 8e9, 8), np.geomspace(2e9, 2e11, 8))
candidates = pd.DataFrame({"params": params.ravel(), "tokens": tokens.ravel(), "corpus": "web"})
goal = bs.Goal.loss(params=7e10, tokens=1.4e12, at={"corpus": "web"})
bs.plots.next_runs(bs.next_runs(fit, candidates, 4e21, goal, most=6))""",
    "lifetime": """\
bs.plots.lifetime(bs.decisions.lifetime_allocation(fit, 3e12, flops=[1e21, 1e22, 1e23]))""",
    "isoflop_optima": "bs.plots.isoflop_optima(bs.decisions.isoflop_optima(isoflop_fit))",
    "overfitting_threshold": """\
params = np.geomspace(5e7, 2e9, 5)
bs.plots.overfitting_threshold(bs.decisions.overfitting_threshold(fit, params, penalty=0.1))""",
    "loss_curves": """\
peak, end, steps, warmup = 3e-4, 3e-5, 24_000, 2160
choices = {
    "cosine": bs.schedules.cosine(peak, end, steps, warmup),
    "stable, then linear": bs.schedules.wsd(peak, end, steps, 4800, warmup),
}
bs.plots.loss_curves(bs.schedules.forecast(curve_fit, choices)).set_ylim(2.85, 3.6)""",
    "track_record": """\
bs.forecast(fit, 1e9, 2e10).seal(folder / "small.json")
bs.forecast(fit, 8e9, 1.6e11).seal(folder / "large.json")
losses = {"small": [2.415, 2.649], "large": [2.03, 2.29]}  # of books and web, made since
bs.plots.track_record(bs.score(folder, losses))""",
}

NOTES = {
    "isoflop_optima": "The runs are simulated at equal compute, and ``isoflop_fit`` is made of "
    "draws scattered about the parameters that they were simulated with.",
    "loss_curves": "The draws of ``curve_fit`` are scattered about the constants of Luo et al. "
    "(2025) for 100M parameters; the curves are simulated from them.",
}


def write(path, folder):
    """Draw all figures into a folder, and write the page."""
    if set(CALLS) != set(bs.plots.__all__):
        raise ValueError(f"the gallery and bs.plots differ: {set(CALLS) ^ set(bs.plots.__all__)}")
    folder.mkdir(parents=True)
    names = {"bs": bs, "np": np, "pd": pd}
    names |= {"fit": bs.load_fit(STORED), "isoflop_fit": isoflop_fit(), "curve_fit": curve_fit()}
    with mpl.rc_context({"savefig.dpi": 110, "font.size": 9.5}), TemporaryDirectory() as sealed:
        for name, code in CALLS.items():
            _draw(code, names | {"folder": Path(sealed)}, folder / f"{name}.png")
    images = "\n\n".join(_thumbnail(name, folder.name) for name in CALLS)
    sections = [_section(name, folder.name) for name in CALLS]
    overview = f".. container:: thumbnails\n\n{textwrap.indent(images, '   ')}\n"
    path.write_text("\n".join([HEAD, overview, *sections]), encoding="utf-8")


def _draw(code, names, path):
    exec(code, dict(names))
    figure = plt.gcf()
    figure.suptitle("")
    for axes in figure.axes:
        axes.set_title("")
    figure.savefig(path, bbox_inches="tight")
    plt.close("all")


def _thumbnail(name, folder):
    return f".. image:: {folder}/{name}.png\n   :alt: {name}\n   :target: {name}_"


def _section(name, folder):
    words = inspect.getdoc(getattr(bs.plots, name)).split("\n\nParameters\n")[0]
    question = _question(name)
    code = textwrap.indent(CALLS[name], "   ")
    parts = [
        f".. _{name}:\n\n{question}\n{'-' * len(question)}",
        f":func:`{name}`: {words}",
        NOTES.get(name, ""),
        f".. code-block:: python\n\n{code}",
        f".. image:: {folder}/{name}.png\n   :alt: {question}\n",
    ]
    return "\n\n".join(part for part in parts if part)


def _question(name):
    """The question that a plot answers, as the table of `bayes_scaling.plots` puts it."""
    found = re.search(rf"^`{name}`\s+(.+)$", bs.plots.__doc__, re.MULTILINE)
    return found[1][:1].upper() + found[1][1:]
