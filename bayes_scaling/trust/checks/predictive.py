"""Check of the fit to the runs: structure in the residuals, and LOO-PIT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from bayes_scaling.display.intervals import PROB, SAMPLE_DIMS
from bayes_scaling.display.wording import chance, per_cent
from bayes_scaling.display.wording import rows as rows_named
from bayes_scaling.fitting.posterior import new_runs
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.axes import compute_and_ratio
from bayes_scaling.model.surface import SIZE
from bayes_scaling.priors.prior import PRIOR_MASS
from bayes_scaling.trust.case import Case
from bayes_scaling.validation.scores import COVERAGES, covered, flat
from bayes_scaling.validation.verdict import CannotJudge, Finding, Verdict, graded, worst

SURPRISING = 0.05
"""Probability, after correction for the number of tests, below which structure is real. Replicated
runs follow the fitted surface and no doubt about it, so that it comes out too large: of thirty
simulated sweeps of the law the smallest is 0.4."""

WORTH = 0.1
"""Share of the residual variance that structure must explain to matter: below a tenth, the
scatter of single runs is more than three times the misfit."""

RULING = 0.5
"""Share above which the misfit is more than the scatter: the law has the wrong shape."""

ALIKE = (0.04, 0.11)
NOT_ALIKE = (0.15, 0.29)
"""Sizes of what the law leaves out, in log reducible loss, of public sweeps: of those whose recipe
followed the size of the run (Chinchilla's, Gadre's, Muennighoff's, Llama 3's and the xLSTM paper's
Llamas), and of those run on purpose with one schedule or learning rate for all (Porian's, Li's).
Simulated sweeps of the law stay below 0.01; those with slips of units, breaks or a top that was
stopped early lie at 0.15 to 0.3."""

UNLIKE = 0.13
"""Size between the two from which the runs are taken not to have been made alike. The interval
holds what such sweeps miss by, so it is one doubt, and rules nothing out by itself."""

IMPROBABLE = 0.01
"""Probability below which unevenness of the leave-one-out probabilities is not chance."""

UNEVEN = 0.1
"""Distance of the leave-one-out probabilities from even ones (Kolmogorov and Smirnov's) that
matters: intervals from the lowest values up hold that much more or less than they say. Of thousands
of runs a smaller one is certain, and does no harm."""

CLIP = 3.0
"""Robust standard deviations at which residuals are clipped, so that one outlier is not a trend."""

REPLICATES = 4000

LEAST_RUNS = 4

Share = Callable[[np.ndarray], np.ndarray]


def check_predictive(case: Case) -> Finding:
    """Trend, curvature and correlation of neighbours in the residuals, and the size of `delta`.

    Residuals are about the whole surface, so that a law of the wrong shape shows in what it leaves
    out. A misfit that is there inside the runs is part of their scatter, and so of the interval for
    a target among them; beyond them it grows. So it counts against targets beyond only, unless it
    rules.
    """
    table = _tested(case)
    pit, calibration = _calibration(case)
    left_out, size = _left_out(case.fit)
    table.attrs["loo_pit"] = pit
    misfit = worst([left_out, *table["verdict"]])
    within: Verdict = misfit if misfit == "do not trust" else "trust"
    structure = [within if inside else misfit for inside in case.inside]
    by_point = [worst([calibration, one]) for one in structure]
    # Of a doubt at the targets, the finding that raised it comes first.
    scattered = calibration != "trust" and worst(structure[: case.asked]) == "trust"
    found = _scatter(pit) if scattered else ""
    held = f"Leave-one-out 90 % intervals hold {per_cent(pit.attrs['coverage'][0.9])} of the runs"
    said = f"{size}{found}{_clearest(table)}. {held}.{_largest(case, pit)}"
    return Finding(by_point, said, table)


def _largest(case: Case, pit: pd.DataFrame) -> str:
    """A sentence on the largest runs, of the levels asked about, outside their interval."""
    fit, interval = case.fit, f"leave-one-out {per_cent(PROB)} interval"
    off = np.abs(pit["loo_pit"].to_numpy() - 0.5)
    outside = [place for place in _largest_runs(case) if off[place] > PROB / 2]
    if not outside:
        return ""
    names = rows_named(fit.runs.table.index[outside])
    if len(outside) > 1:
        return f" The largest runs of their levels ({names}) lie outside their {interval}."
    observed, expected = fit.runs.values("loss")[outside[0]], medians_at_runs(fit)[outside[0]]
    far = abs(observed - expected)
    lies = f"{100 * far / expected:.2g} %" if fit.runs.response == "loss" else f"{far:.2g}"
    way = "above" if observed > expected else "below"
    return (
        f" The largest run ({names}) lies {lies} {way} what is expected of it, outside its "
        f"{interval}."
    )


def _largest_runs(case: Case) -> Iterator[int]:
    """Place of the largest run of each level asked about, of those that have runs."""
    factors, main = list(case.fit.model.factors), case.runs[case.main].to_numpy()
    labels = case.fit.runs.table[factors].astype(str)
    for _, asked in case.placed[factors].iloc[: case.asked].drop_duplicates().iterrows():
        rows = (labels == asked.astype(str)).all(axis=1).to_numpy()
        if rows.any():
            yield int(np.where(rows, main, -np.inf).argmax())


def _left_out(fit: ScalingFit) -> tuple[Verdict, str]:
    """The verdict on the size of `delta` of a law of size and data, and a sentence if large."""
    if SIZE not in fit.posterior or not compute_and_ratio(fit.model.law)[1]:
        return "trust", ""
    size = float(fit.posterior[SIZE].median())
    verdict = graded(size, UNLIKE, np.inf)
    if verdict == "trust":
        return verdict, beyond_prior(fit)
    usual, large = (f"{per_cent(low)} to {per_cent(high)}" for low, high in (ALIKE, NOT_ALIKE))
    return verdict, (
        f"The law leaves out {per_cent(size)} of its reducible loss ({SIZE}). Public sweeps whose "
        f"runs were made alike show {usual}, and {large} where schedule or learning rate did not "
        "follow the size of the run: these runs have another shape, or not all were made alike. "
    )


def beyond_prior(fit: ScalingFit) -> str:
    """A sentence on what the law leaves out if it is larger than the prior expected; or nothing."""
    prior = fit.model.sampled_priors(fit.runs).get(SIZE)
    if prior is None or SIZE not in fit.posterior:
        return ""
    size, (low, high) = float(fit.posterior[SIZE].median()), prior.range()
    if size <= high:
        return ""
    return (
        f"What the law leaves out ({SIZE}, {size:.2g}) is larger than its prior expected "
        f"({per_cent(PRIOR_MASS)} within {low:.2g} to {high:.2g}): the law fits these runs less "
        "well than laws usually fit sweeps. "
    )


def _tested(case: Case) -> pd.DataFrame:
    """One row for each structure: its share of the variance, and how surprising that is."""
    actual, replicated = _residuals(case)
    rows = []
    for name, axis, share in _structures(case):
        found, simulated = share(actual), share(replicated)
        p_value = (1 + (simulated >= found).sum()) / (1 + len(found))
        rows.append((name, axis, float(found.mean()), float(simulated.mean()), float(p_value)))
    if not rows:
        raise CannotJudge("runs that all lie at one point have no structure to look for")
    columns = ["structure", "of", "share", "expected_share", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    table["adjusted"] = (table["p_value"] * len(table)).clip(upper=1.0)
    excess = (table["share"] - table["expected_share"]).where(table["adjusted"] < SURPRISING, 0)
    table["verdict"] = [graded(one, WORTH, RULING) for one in excess]
    return table


def _scatter(pit: pd.DataFrame) -> str:
    held = pit.attrs["coverage"][0.5]
    return (
        "Runs scatter otherwise than the noise has it: their leave-one-out probabilities are "
        f"uneven (by {pit.attrs['distance']:.2f} of 1, {chance(pit.attrs['p_value'])}). Intervals "
        f"of 50 % hold {per_cent(held)} of them. "
    )


def _clearest(table: pd.DataFrame) -> str:
    real = table[table["adjusted"] < SURPRISING]
    largest = int((real["share"] - real["expected_share"]).argmax()) if len(real) else 0
    low = real.iloc[largest] if len(real) else table.iloc[int(table["p_value"].argmin())]
    return (
        f"The clearest structure in the residuals is the {low['structure']} along {low['of']}, "
        f"{per_cent(low['share'])} of their variance where "
        f"{per_cent(max(low['expected_share'], 0.0))} is expected "
        f"({chance(low['adjusted'])}, corrected for the number of tests)"
    )


def _residuals(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of the runs and of replicated runs about the law, dims (draw, run), clipped."""
    if len(case.runs) < LEAST_RUNS:
        raise CannotJudge(f"{len(case.runs)} runs have no structure to look for")
    fit, rng = case.fit, np.random.default_rng(case.fit.settings.seed)
    where = fit.tree["constant_data"].to_dataset().rename(run="point")
    expected = fit.expected_at(where).transpose("chain", "draw", "point")
    # A p-value that is to be small needs replicates, of which a short fit has few.
    times = max(1, REPLICATES // (expected.sizes["chain"] * expected.sizes["draw"]))
    centre = _on_scale(fit, expected)
    with np.errstate(divide="ignore", over="ignore"):
        again = [
            _on_scale(fit, new_runs(fit.posterior, fit.model, fit.runs, expected, where, rng))
            - centre
            for _ in range(times)
        ]
    actual = fit.model.noise.on_scale(fit.runs.values("loss")) - centre
    return _clipped(np.tile(actual, (times, 1))), _clipped(np.concatenate(again))


def _on_scale(fit: ScalingFit, draws: xr.DataArray) -> np.ndarray:
    """Draws at the runs on the scale of the noise, dims (draw, run)."""
    return fit.model.noise.on_scale(flat(draws))


def medians_at_runs(fit: ScalingFit) -> np.ndarray:
    """Posterior median of the expected response of each run, dims (run,)."""
    constant = fit.tree["constant_data"].to_dataset().rename(run="point")
    return np.asarray(fit.expected_at(constant).median(SAMPLE_DIMS).values)


def median_residuals(fit: ScalingFit) -> np.ndarray:
    """Residual of each run about the posterior median of the law, on the scale of the noise."""
    return residuals_about(fit, medians_at_runs(fit))


def residuals_about(fit: ScalingFit, expected: np.ndarray) -> np.ndarray:
    """Residual of each run about what is expected of it, on the scale of the noise."""
    noise = fit.model.noise
    return np.asarray(noise.on_scale(fit.runs.values("loss")) - noise.on_scale(expected))


def _clipped(residuals: np.ndarray) -> np.ndarray:
    unit = 1.4826 * np.median(np.abs(residuals), axis=1, keepdims=True)
    unit = np.maximum(unit, np.finfo(float).tiny)
    return np.clip(np.nan_to_num(residuals / unit, posinf=CLIP, neginf=-CLIP), -CLIP, CLIP)


def _structures(case: Case) -> Iterator[tuple[str, str, Share]]:
    """Structures that residuals may follow, each with its share of their variance."""
    for name in map(str, case.runs):
        values = case.runs[name].to_numpy()
        if np.ptp(values) < 1e-6:
            continue
        powers = np.vander((values - values.mean()) / values.std(), 3, increasing=True)
        basis = np.linalg.qr(powers)[0].T
        yield "trend", name, partial(_along, vectors=basis[1:2])
        if len(np.unique(values.round(2))) > 2:
            yield "curvature", name, partial(_along, vectors=basis[2:3])
        yield "likeness of neighbours", name, partial(_alike, order=np.argsort(values))
    for factor in case.fit.runs.factors:
        codes = case.fit.runs.codes(factor)
        if 1 < codes.max() + 1 < len(codes):
            levels = np.linalg.qr(np.eye(codes.max() + 1)[codes])[0].T
            yield "level", factor, partial(_along, vectors=levels)


def _along(residuals: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Share of each draw's sum of squares that lies along orthonormal vectors."""
    along = ((residuals @ vectors.T) ** 2).sum(axis=1)
    return np.asarray(along / _squares(residuals))


def _alike(residuals: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Correlation of neighbouring residuals, which any smooth misfit leaves."""
    placed = residuals[:, order]
    return np.asarray((placed[:, 1:] * placed[:, :-1]).sum(axis=1) / _squares(residuals))


def _squares(residuals: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum((residuals**2).sum(axis=1), np.finfo(float).tiny))


def _calibration(case: Case) -> tuple[pd.DataFrame, Verdict]:
    """LOO-PIT of each run, and whether they are uniform."""
    loo = case.loo
    tree = case.fit.tree
    pit = az.loo_pit(
        tree,
        var_names=["loss"],
        log_weights=loo.log_weights.to_dataset(name="loss"),
        pareto_k=loo.pareto_k.to_dataset(name="loss"),
    )
    values = pd.Series(np.asarray(pit["loss"].values), index=case.runs.index, name="loo_pit")
    tested = stats.kstest(values, "uniform")
    distance, p_value = float(tested.statistic), float(tested.pvalue)
    table = values.to_frame()
    table.attrs["coverage"] = {p: float(covered(values, p).mean()) for p in COVERAGES}
    table.attrs |= {"p_value": p_value, "distance": distance}
    uneven = p_value < IMPROBABLE and distance > UNEVEN
    return table, "caution" if uneven else "trust"
