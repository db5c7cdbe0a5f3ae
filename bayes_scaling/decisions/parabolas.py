"""isoflop_optima(): the best size at each budget without a law, beside that of the fit.

A parabola in log params through the runs of equal compute (Hoffmann's second approach). It knows
nothing of the law, so where both disagree the law, the runs or the parabola's range is at fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from bayes_scaling.decisions.surface.landscape import check_splits, surface
from bayes_scaling.decisions.surface.splitting import Splitting
from bayes_scaling.display.intervals import SAMPLE_DIMS, interval_prob, intervals
from bayes_scaling.display.wording import per_cent
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.diagnostics import FitResult
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.laws.law import SPLIT
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

TOLERANCE = 1.1
"""Runs whose compute differs by less than this factor from the next are of one budget."""

WIDEST = 1.3
"""Budgets that are wider altogether hold runs of unequal compute."""

FEWEST_SIZES = 5
"""Sizes that a budget needs: three determine a parabola, and two its standard error."""

LEVEL = 0.05
"""Probability by chance below which a difference counts as one."""

NO_MINIMUM = "no minimum"


class Vertex(NamedTuple):
    """The place where a parabola is least, its standard error, and degrees of freedom."""

    at: float
    error: float
    freedom: int


@dataclass(frozen=True, repr=False, eq=False)
class IsoflopOptima(FitResult):
    """Optima of parabolas through the runs of each budget, and of the fit.

    Attributes
    ----------
    parabolas : pandas.DataFrame
        By budget: levels of factors, ``flops``, ``runs``, and of log params at the vertex
        ``log_params`` and its standard error ``log_params_se``; NaN without a minimum among the
        sizes that were run. ``freedom`` is that of the residuals.
    draws : xarray.Dataset, dims (chain, draw, point)
        ``params`` of the fitted optimum at the same budgets.
    fit : ScalingFit
    """

    parabolas: pd.DataFrame
    draws: xr.Dataset
    fit: ScalingFit

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit, and of budgets where the two disagree."""
        verdicts = self.verdicts()
        apart = int((verdicts == "disagrees").sum())
        none = int((verdicts == NO_MINIMUM).sum())
        disagree = (
            f"Parabola and law disagree at {apart} of {len(verdicts)} budgets; {per_cent(LEVEL)} "
            "would by chance."
        )
        missing = (
            f"{none} of {len(verdicts)} budgets have no minimum among the sizes that were run."
        )
        return (*self.fit.notes, *([disagree] * bool(apart)), *([missing] * bool(none)))

    def verdicts(self) -> pd.Series:
        """``"agrees"``, ``"disagrees"`` or ``"no minimum"``, by budget."""
        fitted = xr.ufuncs.log(self.draws["params"])
        apart = self.parabolas["log_params"] - fitted.mean(SAMPLE_DIMS).values
        error = np.hypot(self.parabolas["log_params_se"], fitted.std(SAMPLE_DIMS).values)
        chance = 2 * stats.t.sf(np.abs(apart / error), self.parabolas["freedom"])
        verdict = np.where(chance < LEVEL, "disagrees", "agrees")
        verdict = np.where(np.isnan(apart), NO_MINIMUM, verdict)
        return pd.Series(verdict, self.parabolas.index, name="verdict")

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Best size by parabola and by fit, with intervals of probability `prob`, and the verdict.

        Returns
        -------
        pandas.DataFrame
            By level and budget: columns (``parabola`` or ``fitted``; ``median``, ``lower``,
            ``upper``), ``runs``, ``verdict`` and ``diagnosis`` of the fit. The parabola's are a
            confidence interval by Student's t. ``attrs`` carry ``ci_kind``, ``ci_prob``, ``notes``.
        """
        found, probability = self.parabolas, interval_prob(prob)
        reach = found["log_params_se"] * stats.t.ppf((1 + probability) / 2, found["freedom"])
        columns = {
            ("parabola", "median"): np.exp(found["log_params"]),
            ("parabola", "lower"): np.exp(found["log_params"] - reach),
            ("parabola", "upper"): np.exp(found["log_params"] + reach),
        }
        ends = intervals(self.draws["params"], prob)
        columns |= {("fitted", name): ends[name].values for name in ("median", "lower", "upper")}
        columns |= {("runs", ""): found["runs"], ("verdict", ""): self.verdicts()}
        table = pd.DataFrame(columns)
        names = [*self.fit.model.factors, "flops"]
        table.index = found.set_index(names).index
        table["diagnosis", ""] = self.diagnosis
        table.attrs = {"ci_kind": "eti", "ci_prob": probability, "notes": self.notes}
        return table


def isoflop_optima(fit: ScalingFit, tolerance: float = TOLERANCE) -> IsoflopOptima:
    """Best size at each budget by a parabola through its runs, beside the fitted one.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens, on runs of which some share their compute (6ND).
    tolerance : float
        Runs whose compute differs by a smaller factor from the next are of one budget.

    Raises
    ------
    ModelError
        The law is not one of params and tokens alone.
    RunsError
        No budget has runs of five sizes.

    References
    ----------
    Hoffmann et al. (2022), arXiv:2203.15556, section 3.2.
    """
    check_splits(fit, "isoflop_optima")
    others = [name for name in fit.model.law.inputs if name not in SPLIT]
    if others:
        raise ModelError(
            f"isoflop_optima: {fit.model.law.name} depends on {', '.join(others)} too, so runs of "
            "equal compute do not lie on one curve. Fit a law of params and tokens alone."
        )
    rows = list(_budgets(fit, tolerance))
    if not rows:
        raise RunsError(
            f"isoflop_optima: none of the {len(fit.runs)} runs share their compute with runs of "
            f"{FEWEST_SIZES} sizes, within a factor of {tolerance}, so there is no curve to fit. "
            "Use runs of an isoFLOP design, or a larger tolerance."
        )
    parabolas = pd.DataFrame(rows)
    factors = list(fit.model.factors)
    where = surface(fit, {"flops": parabolas["flops"]}, parabolas[factors] if factors else None)
    params = Splitting(where).optimum(where.asked("flops")).params
    return IsoflopOptima(parabolas, where.labelled(params=params), fit)


def parabola_vertex(log_params: np.ndarray, loss: np.ndarray) -> Vertex:
    """Vertex of the least-squares parabola, with its standard error.

    Parameters
    ----------
    log_params, loss : numpy.ndarray, dims (run,)

    Returns
    -------
    Vertex
        NaN if the parabola opens downwards, or is least outside the sizes.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 6)
    >>> round(parabola_vertex(x, 2 + (x - 0.5) ** 2).at, 6)
    0.5
    """
    middle = log_params.mean()
    design = np.vander(log_params - middle, 3, increasing=True)
    inverse = np.linalg.inv(design.T @ design)
    constant, slope, curvature = inverse @ design.T @ loss
    freedom = len(loss) - 3
    residuals = loss - design @ [constant, slope, curvature]
    covariance = inverse * (residuals @ residuals / freedom)
    vertex = middle - slope / (2 * curvature)
    if curvature <= 0 or not log_params.min() < vertex < log_params.max():
        return Vertex(np.nan, np.nan, freedom)
    gradient = np.array([0, -1 / (2 * curvature), slope / (2 * curvature**2)])
    return Vertex(float(vertex), float(np.sqrt(gradient @ covariance @ gradient)), freedom)


def _budgets(fit: ScalingFit, tolerance: float) -> Iterator[dict[str, object]]:
    """Vertices of the parabolas through the runs of each group and budget."""
    runs = fit.runs
    inputs = {name: np.log(runs.values(name)) for name in ("params", "tokens")}
    table = pd.DataFrame({**inputs, "loss": runs.values("loss")})
    table["flops"] = np.log(FLOPS_PER_PARAM_TOKEN) + table["params"] + table["tokens"]
    factors = list(fit.model.factors)
    for name in factors:
        table[name] = runs.table[name].to_numpy()
    for labels, group in table.groupby(factors) if factors else [((), table)]:
        ordered = group.sort_values("flops")
        budget = (ordered["flops"].diff() > np.log(tolerance)).cumsum()
        for _, curve in ordered.groupby(budget):
            sizes = curve["params"].round(3).nunique()
            if np.ptp(curve["flops"]) > np.log(WIDEST) or sizes < FEWEST_SIZES:
                continue
            vertex = parabola_vertex(curve["params"].to_numpy(), curve["loss"].to_numpy())
            yield {
                **dict(zip(factors, labels, strict=True)),
                "flops": float(np.exp(curve["flops"].mean())),
                "runs": len(curve),
                "log_params": vertex.at,
                "log_params_se": vertex.error,
                "freedom": vertex.freedom,
            }
