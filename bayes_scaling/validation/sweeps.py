"""Refits of simulated sweeps, and the rank of each truth among the draws of its refit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS
from bayes_scaling.errors import BayesScalingError, RunsError
from bayes_scaling.fitting.diagnostics import R_HAT_WORST
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.runs import Runs
from bayes_scaling.validation.refits import Outcome, Refitter
from bayes_scaling.validation.scores import spread
from bayes_scaling.validation.simulated import drawn_truths, simulated_runs
from bayes_scaling.validation.targets import Targets

SHORT = Settings(draws=300, tune=300, chains=2, seed=1)
"""Sampling of a refit: 600 draws place the end of a 90 % interval to a hundredth or two of
probability, where a few dozen sweeps tell its coverage to a tenth."""

EXPECTED = "expected_loss"

CONSTANT = 1e-12
"""Relative spread of draws below which a quantity is a constant."""


def run_sweeps(
    source: ScalingFit,
    simulations: int,
    refitter: Refitter,
    targets: Targets | None,
    design: Runs | None = None,
) -> tuple[xr.DataTree, pd.DataFrame]:
    """Simulate from draws of the source, refit, rank; tree and refits of a ``Calibration``.

    The runs simulated are those of the source, or of a design.

    Raises
    ------
    RunsError
        No sweep gave a result.
    """
    rng = np.random.default_rng(refitter.settings.seed)
    truths = drawn_truths(source, simulations, rng)
    names = _free(source)
    actual = _quantities(truths, names, targets, rng).isel(chain=0, drop=True)
    before = _quantities(source, names, targets, rng).map(spread)
    seeds = rng.integers(2**31, size=simulations)
    parts, rows = {}, {}
    for number, outcome in enumerate(_outcomes(truths, seeds, refitter, design)):
        rows[number] = {"status": outcome.failure, "r_hat": np.nan, "seconds": outcome.seconds}
        if outcome.fit is None:
            continue
        draws = _quantities(outcome.fit, names, targets, rng)
        rows[number] |= _converged(draws)
        if rows[number]["status"] == "done":
            truth = actual.isel(draw=number, drop=True)
            parts[number] = (_pit(draws, truth), truth, 1 - draws.map(spread) / before)
    refits = pd.DataFrame.from_dict(rows, orient="index").rename_axis("sweep")
    if not parts:
        raise RunsError(
            f"calibrate: none of {simulations} simulated sweeps gave a result (the first: "
            f"{refits['status'].iloc[0]}), so nothing was tested. Mend what the reason names."
        )
    return _tree(parts), refits


def _tree(parts: Mapping[int, tuple[xr.Dataset, ...]]) -> xr.DataTree:
    """Ranks, truths and shrinkage of all sweeps that gave a result."""
    groups = zip(("prior_sbc", "truths", "shrink"), zip(*parts.values(), strict=True), strict=True)
    return xr.DataTree.from_dict({name: _stacked(sets, list(parts)) for name, sets in groups})


def elements(quantities: xr.Dataset) -> Iterator[tuple[str, xr.DataArray]]:
    """Each quantity in each of its levels or points, with a label such as ``E[web]``."""
    for name, values in quantities.data_vars.items():
        others = [dim for dim in values.dims if dim not in SAMPLE_DIMS]
        if not others:
            yield str(name), values
            continue
        stacked = values.stack(element=others)
        for place, labels in enumerate(stacked["element"].values):
            yield f"{name}[{', '.join(map(str, labels))}]", stacked.isel(element=place, drop=True)


def _outcomes(
    truths: ScalingFit, seeds: np.ndarray, refitter: Refitter, design: Runs | None
) -> list[Outcome]:
    """Outcome for each truth, in order; one that cannot be simulated has failed."""
    sweeps: dict[str, Runs] = {}
    failed: dict[str, Outcome] = {}
    for number, seed in enumerate(seeds):
        one = truths.posterior.isel(draw=[number])
        try:
            truth = replace(truths, posterior=one)
            sweeps[str(number)] = simulated_runs(truth, int(seed), design)
        except BayesScalingError as error:
            failed[str(number)] = Outcome(None, f"{type(error).__name__}: {error}", 0.0)
    outcomes = {**failed, **refitter.refit(truths.model, sweeps)}
    return [outcomes[str(number)] for number in range(len(seeds))]


def _converged(draws: xr.Dataset) -> dict[str, object]:
    """Status and worst R-hat of the quantities of a refit."""
    # What is the same in all draws has no R-hat.
    with np.errstate(invalid="ignore"):
        worst = float(az.rhat(draws).to_array().max())
    status = "done" if worst <= R_HAT_WORST else f"R-hat above {R_HAT_WORST}"
    return {"status": status, "r_hat": worst}


def _free(source: ScalingFit) -> list[str]:
    """Parameters of a summary that vary between draws by more than rounding."""
    drawn = source.posterior[list(source.parameter_names)]
    relative = drawn.std(SAMPLE_DIMS) / abs(drawn).mean(SAMPLE_DIMS)
    return [str(name) for name, one in relative.data_vars.items() if float(one.max()) > CONSTANT]


def _quantities(
    fit: ScalingFit, names: list[str], targets: Targets | None, rng: np.random.Generator
) -> xr.Dataset:
    """The ranked quantities of a fit: its parameters and its forecast."""
    found = fit.posterior[names].reset_coords(drop=True)
    if targets is None:
        return found
    with np.errstate(over="ignore"):
        expected = fit.expected_at(targets.where, targets.new_levels, rng)
    return found.assign({EXPECTED: expected.reset_coords(drop=True)})


def _pit(draws: xr.Dataset, truth: xr.Dataset) -> xr.Dataset:
    """Share of draws below the truth, with half a draw more on either side, so never 0 or 1."""
    below = (draws < truth).sum(SAMPLE_DIMS) + 0.5 * (draws == truth).sum(SAMPLE_DIMS)
    size = draws.sizes["chain"] * draws.sizes["draw"]
    return (below + 0.5) / (size + 1)


def _stacked(sets: tuple[xr.Dataset, ...], numbers: list[int]) -> xr.Dataset:
    """Sweeps stacked along ``draw``, dims (chain, draw, ...), as ArviZ expects simulations."""
    joined = xr.concat(sets, pd.Index(numbers, name="draw")).expand_dims(chain=[0])
    return joined.transpose(*SAMPLE_DIMS, ...)
