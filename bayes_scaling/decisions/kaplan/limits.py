"""Limits of a run: tokens below which it overfits, steps before which it need not stop.

The bounds of Kaplan et al. (2020), sections 4 and 5 and appendix B, as posteriors of the user's
own fits, as if laws went on beyond the runs as they say: endless data lie on no path along which
runs grow. Where L(C) would fall below L(D) is in :mod:`bayes_scaling.decisions.kaplan.crossings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from bayes_scaling.decisions.surface.landscape import FAR, Landscape, check_splits, paired, surface
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult, PairedResult
from bayes_scaling.laws import KaplanSteps
from bayes_scaling.model.points import At, Numbers, points
from bayes_scaling.noise.location_scale import LocationScale
from bayes_scaling.noise.scales import LOG, RAW

APART = 0.01
"""Half of the difference in log params over which the local exponent is taken."""


@dataclass(frozen=True, repr=False, eq=False)
class OverfittingThreshold(DrawnResult[ScalingFit]):
    """Draws of the tokens that a model needs for its overfitting to stay within the noise.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``tokens`` at ``params``; ``exponent`` g and ``coefficient`` k of D = k N^g there, which
        are the same everywhere with Kaplan's joint law; ``penalty``, the relative excess
        L(N, D) / L(N, inf) - 1 that is allowed.
    fit : ScalingFit
    source : {"given", "noise_seed_sd", "noise_sd"}
        Where the penalty comes from.
    """

    source: str = "given"

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit, and the meaning of the penalty."""
        if self.source != "noise_sd":
            return super().notes
        return (
            *super().notes,
            "The penalty is the scatter of runs about the law, since that between seeds was not "
            "modelled: fit replicates with noise of seeds=, or give penalty=.",
        )


class EarlyStopping(PairedResult):
    """Draws of the earliest step at which a run on limited data should stop.

    ``steps`` is a lower bound; ``excess`` is L(N, D) - L(N, inf), in the unit of the runs' loss.
    """

    missing: ClassVar[str] = "lose nothing to limited data"


class ConvergenceTradeoff(DrawnResult[ScalingFit]):
    """Draws of the savings from stopping short of convergence, at equal loss.

    ``params_ratio``, ``steps_ratio``, ``flops_ratio``: of a run stopped at ``excess`` above its
    converged loss, to one stopped at ``against``. ``best_excess`` is alpha_N / alpha_S, which
    needs the least compute.
    """


def overfitting_threshold(
    fit: ScalingFit,
    params: Numbers | None = None,
    *,
    penalty: float | None = None,
    at: At | None = None,
) -> OverfittingThreshold:
    """Tokens below which a model overfits by more than the scatter between seeds.

    Parameters
    ----------
    fit : ScalingFit
        Of a law of params and tokens; Kaplan's is :class:`bayes_scaling.laws.KaplanJoint`.
    params : float or array, optional
        Sizes; the smallest, a typical and the largest of the runs if not given.
    penalty : float, optional
        Relative excess of the loss that is allowed, such as 0.02. If not given, the scatter
        between seeds of each draw, or that between runs where seeds were not modelled.
    at : pandas.DataFrame or mapping, optional
        Levels of factors, and other inputs of the law; a level left out is crossed.

    Raises
    ------
    ModelError
        The law is not one of params and tokens, or its noise is not a share of the loss.
    RunsError
        A size or penalty is not positive.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, equations 4.2 to 4.4.
    """
    check_splits(fit, "overfitting_threshold")
    if penalty is not None and not (np.isfinite(penalty) and penalty > 0):
        raise RunsError(
            f"overfitting_threshold: a penalty of {penalty} is reached by no finite data, or by "
            "any. Give the relative excess of the loss that is allowed, such as 0.02."
        )
    sizes = fit.runs.values("params")
    usual = [sizes.min(), fit.runs.reference["params"], sizes.max()]
    where = surface(fit, {"params": usual if params is None else params}, at).inside
    size = where.asked("params")
    endless = where.split_loss(size, FAR * where.centre("tokens"))
    source = "given" if penalty else _scatter_name(fit)
    allowed = np.full(where.shape, penalty) if penalty else _share(fit, source, endless)
    tokens, exponent = threshold(where, size, allowed)
    # Where a draw needs data almost without end the coefficient has none either.
    with np.errstate(over="ignore"):
        coefficient = tokens / size**exponent
    draws = where.labelled(
        tokens=tokens, exponent=exponent, coefficient=coefficient, penalty=allowed
    )
    return OverfittingThreshold(draws, fit, source)


def threshold(
    where: Landscape, params: np.ndarray, penalty: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tokens with L(N, D) = (1 + penalty) L(N, inf), and the local exponent of them in params."""
    centre = where.centre("tokens")

    def tokens_at(size: np.ndarray) -> np.ndarray:
        target = (1 + penalty) * where.split_loss(size, FAR * centre)
        return where.reaching(lambda tokens: where.split_loss(size, tokens), target, centre)

    ends = [tokens_at(params * np.exp(step)) for step in (-APART, APART)]
    return tokens_at(params), np.log(ends[1] / ends[0]) / (2 * APART)


def early_stopping(
    steps_fit: ScalingFit,
    fit: ScalingFit,
    params: Numbers,
    tokens: Numbers,
    *,
    at: At | None = None,
) -> EarlyStopping:
    """Earliest step at which a run on limited data should stop.

    Parameters
    ----------
    steps_fit : ScalingFit
        Of :class:`bayes_scaling.laws.KaplanSteps`, without groups.
    fit : ScalingFit
        Of a law of params and tokens, such as :class:`bayes_scaling.laws.KaplanJoint`, on losses in
        the same unit. The two posteriors are independent: draws are paired as they come.
    params, tokens : float or array
        Size, and tokens of the data that the run repeats.
    at : pandas.DataFrame or mapping, optional
        Levels of factors of `fit`; a level left out is crossed.

    Raises
    ------
    ModelError
        A fit is of another law.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, equation 5.7.
    """
    check_splits(fit, "early_stopping")
    _check_steps(steps_fit, "early_stopping")
    given = points(fit.model, fit.runs, params=params, tokens=tokens, at=at)
    where = Landscape.of(fit, given).inside
    size, data = where.asked("params"), where.asked("tokens")
    excess = where.split_loss(size, data) - where.split_loss(size, FAR * where.centre("tokens"))
    excess = np.where(excess > 0, excess, np.nan)
    posterior = paired(steps_fit, fit).posterior
    S_c, alpha_S = (posterior[name].to_numpy()[..., np.newaxis] for name in ("S_c", "alpha_S"))
    draws = where.labelled(steps=stopping_steps(excess, S_c, alpha_S), excess=excess)
    return EarlyStopping(draws, fit, steps_fit)


def stopping_steps(excess: Any, S_c: Any, alpha_S: Any) -> Any:
    """Lower bound of the steps, from the loss that limited data cost (equation 5.7).

    Examples
    --------
    With the paper's constants, at its penalty of 0.02 on a loss of 2.4:

    >>> round(stopping_steps(0.048, S_c=2.1e3, alpha_S=0.76))
    114137
    """
    return S_c / excess ** (1 / alpha_S)


def convergence_tradeoff(
    fit: ScalingFit, excess: Numbers = 0.1, against: float = 0.02
) -> ConvergenceTradeoff:
    """Size, steps and compute of a run stopped early, against one trained further to that loss.

    Parameters
    ----------
    fit : ScalingFit
        Of :class:`bayes_scaling.laws.KaplanSteps`, without groups.
    excess : float or array
        How far above its converged loss the first run stops, as a share of that.
    against : float
        The same of the second run.

    Raises
    ------
    ModelError
        The fit is of another law.

    References
    ----------
    Kaplan et al. (2020), arXiv:2001.08361, appendix B.
    """
    _check_steps(fit, "convergence_tradeoff")
    stops = np.ravel(np.asarray(excess, dtype=float))
    if not (np.append(stops, against) > 0).all():
        raise RunsError(
            f"convergence_tradeoff: no run stops at {min(*stops, against)} above its converged "
            "loss. Give positive shares, such as 0.1 against 0.02."
        )
    point = xr.DataArray(stops, dims="point", coords={"excess": ("point", stops)})
    alpha_N, alpha_S = fit.posterior["alpha_N"], fit.posterior["alpha_S"]
    ratios = stopping_ratios(point, against, alpha_N, alpha_S)
    names = ("params_ratio", "steps_ratio", "flops_ratio")
    draws = xr.Dataset(dict(zip(names, ratios, strict=True)))
    draws = draws.assign(best_excess=alpha_N / alpha_S + 0 * point)
    numbered = draws.assign_coords(point=np.arange(len(stops)))
    return ConvergenceTradeoff(numbered.transpose("chain", "draw", "point"), fit)


def stopping_ratios(excess: Any, against: Any, alpha_N: Any, alpha_S: Any) -> tuple[Any, Any, Any]:
    """Ratios of params, steps and compute at one loss and batch (Kaplan, appendix B).

    Examples
    --------
    >>> ratios = stopping_ratios(0.1, 0.02, alpha_N=0.077, alpha_S=0.76)
    >>> [round(ratio, 3) for ratio in ratios]
    [2.666, 0.133, 0.354]
    """
    params = ((1 + excess) / (1 + against)) ** (1 / alpha_N)
    above, above_against = excess / (1 + excess), against / (1 + against)
    steps = (above_against / above) ** (1 / alpha_S)
    return params, steps, params * steps


def _scatter_name(fit: ScalingFit) -> str:
    """The noise parameter that is the scatter between seeds, or else between runs."""
    noise = fit.model.noise
    if not isinstance(noise, LocationScale) or noise.scale not in (LOG, RAW):
        raise ModelError(
            f"overfitting_threshold: {noise!r} is no scatter of the loss or of its logarithm, so "
            "no penalty follows from it. Give penalty=0.02, or the spread of your replicates."
        )
    return "noise_seed_sd" if noise.seeds else "noise_sd"


def _share(fit: ScalingFit, name: str, loss: np.ndarray) -> np.ndarray:
    """A scatter as a share of the loss, draw by draw."""
    spread = fit.posterior[name].transpose("chain", "draw").to_numpy()[..., np.newaxis]
    on_log = isinstance(fit.model.noise, LocationScale) and fit.model.noise.scale == LOG
    return np.broadcast_to(np.expm1(spread) if on_log else spread / loss, loss.shape)


def _check_steps(fit: ScalingFit, question: str) -> None:
    if not isinstance(fit.model.law, KaplanSteps) or fit.model.factors:
        groups = f" with groups of {', '.join(fit.model.factors)}" if fit.model.factors else ""
        raise ModelError(
            f"{question}: the fit is of {fit.model.law.name}{groups}, and the bound follows from "
            "one learning curve of params and steps. Fit bs.laws.KaplanSteps to one group."
        )
