"""average(): a mixture of fits, with weights from scores, equal, or given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Literal

from bayes_scaling.comparison.comparing import Comparison, compare, compare_by_loo
from bayes_scaling.display.wording import listed
from bayes_scaling.fitting.average import FitAverage
from bayes_scaling.fitting.same_runs import check_same_runs
from bayes_scaling.fitting.scaling_fit import ScalingFit

Weights = Literal["future", "loo", "equal"] | Mapping[str, float]


def average(
    fits: Mapping[str, ScalingFit] | Comparison,
    weights: Weights = "future",
    *,
    cutoffs: Sequence[float] | None = None,
    executor: Executor | None = None,
    seed: int = 1,
    progress: bool = True,
) -> FitAverage:
    """Mix fits of the same runs, so that intervals include the doubt about the law.

    Parameters
    ----------
    fits : mapping of str to ScalingFit, or Comparison
        A comparison made before saves its refits.
    weights : {"future", "loo", "equal"} or mapping of str to float
        Stacked by the scores of runs larger than those fitted, by leave-one-out, all alike, or
        given as shares of one. Only "future" says anything of extrapolation. Stacking weighs by
        what is known to predict well, not by what could be: where its flags say that the weights
        rest on little, "equal" is the wider answer.
    cutoffs, executor, seed, progress
        As for :func:`bayes_scaling.compare`; used for "future" from fits only.

    Returns
    -------
    FitAverage
        What :func:`bayes_scaling.forecast`, :func:`bayes_scaling.allocate`,
        :func:`bayes_scaling.assess`, :func:`bayes_scaling.cite` and
        :func:`bayes_scaling.report` accept like a fit.

    Raises
    ------
    ModelError, RunsError
        The fits are not of the same runs, the weights are no shares, or there are no scores.
    ValueError
        An unknown name of weights.
    """
    if not isinstance(weights, Mapping) and weights not in ("future", "loo", "equal"):
        raise ValueError(
            f"average: weights={weights!r} does not say how much each fit counts. Use 'future', "
            "'loo', 'equal' or a mapping of names to shares."
        )
    named = fits.fits if isinstance(fits, Comparison) else fits
    check_same_runs(named, "average")
    if isinstance(weights, Mapping):
        return FitAverage(named, weights)
    if weights == "equal":
        return FitAverage(named, {name: 1 / len(named) for name in named}, "equal")
    if isinstance(fits, Comparison):
        found = fits
    elif weights == "loo":
        found = compare_by_loo(fits)
    else:
        found = compare(fits, cutoffs, executor=executor, seed=seed, progress=progress)
    words = {"future": "stacked by future score", "loo": "stacked by leave-one-out"}
    stacked = {str(name): float(weight) for name, weight in found.weights(weights).items()}
    none = [name for name, weight in stacked.items() if weight == 0]
    beaten = (f"No weight for {listed(none)}: the others predict better.",) if none else ()
    remarks = (*beaten, *(flag.sentence for flag in found.flags[weights]))
    return FitAverage(named, stacked, words[weights], remarks)
