"""compare_recipes(): the worth of one recipe in compute of another, from a ladder of each.

A ladder is a few runs of growing compute, made by one rule of size and data, such as twenty tokens
per parameter. Three or four rungs say little of a floor or an exponent, so that prior knowledge of
both carries part of the answer; what differs between the ladders is left to the runs.
"""

from __future__ import annotations

from bayes_scaling.decisions.groups import LevelComparison, compare_levels
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.scaling_fit import fit
from bayes_scaling.laws import PowerLaw
from bayes_scaling.laws.shared_priors import FLOOR
from bayes_scaling.model.hierarchy import Vary
from bayes_scaling.model.points import Numbers
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.model.surface import Surface
from bayes_scaling.noise import LogNormal, Noise
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs

ACCEPTED = 0.98
"""Acceptance rate of the sampler: few runs leave corners in the posterior."""

PATH_EXPONENT = Prior.between(0.1, 0.25)
"""Exponent of compute above a floor, where size and data grow alike: half of that of either, which
published fits have from 0.2 to 0.5."""

SPREAD = Prior.between(0.09, 0.11)
"""Relative spread of `A` between recipes: compute multipliers of 0.4 to 2.6."""

EXPONENT_SPREAD = Prior.between(0.045, 0.055)
"""Relative spread of exponents between recipes: small, for the text is the same."""

LADDER_SURFACE = Surface(miss_sd=Prior.between(0.028, 0.089), miss_mean=0.1)
"""Surface of ladders, by which those of public sweeps are covered at their largest rung and at ten
times it (``tests/benchmarks/test_ladders.py``)."""

NOISE = Prior.between(0.001, 0.01)
"""Scatter of log loss where none is given: seeds give 0.03 % to 1 %."""


def compare_recipes(  # noqa: PLR0913 - the question, and what is assumed of the ladders
    runs: Runs,
    first: str,
    second: str,
    flops: Numbers | None = None,
    *,
    by: str | None = None,
    floor: Prior | None = None,
    noise: Noise | None = None,
    seed: int | None = None,
    progress: bool = True,
) -> LevelComparison:
    """Compare two recipes by their ladders: how many times as much compute the second needs.

    Parameters
    ----------
    runs : Runs
        A ladder of each recipe, two rungs at the least, by the same rule of size and data; with
        compute, and a factor that names the recipe. Further recipes sharpen what is common.
    first, second : str
        Recipes.
    flops : float or array, optional
        Compute at which they are compared, in FLOP; the largest that both have if not given.
    by : str, optional
        The factor; to be given if the runs have several.
    floor : Prior, optional
        Of `E`, which the recipes share: such as ``bs.priors.floor("c4, gpt-2 tokenizer")``, or
        pinned, ``bs.Prior.fixed_at(1.7, units="paper")``. If not given, a share of the lowest
        losses, 90 % within 0.35 and 0.83.
    noise : Noise, optional
        Scatter of the rungs, normal on log loss with 0.1 % to 1 % if not given. Rungs that are
        tuned unevenly err upwards only: ``bs.noise.LogExGaussian()``.
    seed : int, optional
        Seed of the sampler.
    progress : bool
        Show the stages on standard error.

    Returns
    -------
    LevelComparison
        :meth:`~bayes_scaling.decisions.LevelComparison.headline` says it in a sentence; its ``fit``
        answers further questions. :meth:`bayes_scaling.Goal.multiplier` with
        :func:`bayes_scaling.next_runs` says what one more rung would add.

    Raises
    ------
    RunsError
        The runs have no compute, no such factor or recipe.

    Notes
    -----
    The law is ``E + A C**-alpha`` with what it leaves out. `E` is common to all recipes, since they
    are trained and tested on the same text: recipes that differ in data need a model of their own,
    fitted with ``bs.fit`` and asked by :func:`compare_levels`. `A` and `alpha` are each recipe's
    own, the latter close to each other. What lies beyond the rungs is as uncertain as for laws of
    size and data, from whose sweeps that was learned.
    """
    chosen = _factor(runs, by)
    scale = _top(runs, chosen, first, second) if flops is None else flops
    model = ladder_model(chosen, floor, noise)
    found = fit(model, runs, seed=seed, target_accept=ACCEPTED, progress=progress)
    return compare_levels(found, first, second, scale)


def ladder_model(by: str, floor: Prior | None = None, noise: Noise | None = None) -> ScalingModel:
    """The model of ladders that :func:`compare_recipes` fits."""
    return ScalingModel(
        PowerLaw("flops"),
        vary=[Vary("A", by=by, spread=SPREAD), Vary("alpha", by=by, spread=EXPONENT_SPREAD)],
        priors={"E": floor or FLOOR, "alpha": PATH_EXPONENT},
        noise=noise or LogNormal(NOISE),
        surface=LADDER_SURFACE,
    )


def _factor(runs: Runs, by: str | None) -> str:
    if by in runs.factors:
        return str(by)
    if by is None and len(runs.factors) == 1:
        return runs.factors[0]
    raise RunsError(
        f"compare_recipes: by={by!r}, and the factors of these runs are "
        f"{', '.join(runs.factors) or 'none'}. One of them must say of which recipe a run is. "
        "Read the runs with factors=('recipe',), or name the factor."
    )


def _top(runs: Runs, by: str, *recipes: str) -> float:
    """The largest compute that all of these recipes have reached."""
    return min(float(runs.where(**{by: one}).values("flops").max()) for one in recipes)
