"""Truth of the demo: the law, the corpora, the sweep, and what follows from them.

The questions that the demo asks stand here too, so that each has a true answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from bayes_scaling.datasets import isoflop_design, simulate
from bayes_scaling.laws import Chinchilla
from bayes_scaling.model.hierarchy import Vary
from bayes_scaling.model.scaling_model import ScalingModel
from bayes_scaling.runs import Runs

PUBLISHED: Mapping[str, float] = MappingProxyType(
    {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
)
"""Besiroglu et al. (2024), arXiv:2404.10102, refit of the runs of Hoffmann et al. (2022)."""

CORPORA: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {"books": {"E": 0.95, "A": 1.1, "B": 0.8}, "web": {}}
)
"""Factors by which each corpus multiplies the published constants."""

NOISE: Mapping[str, float] = MappingProxyType({"noise_sd": 0.005, "noise_df": 4.0})

PARAMS = 70e9
TOKENS = 1.4e12
BUDGET = 5.76e23

_WEB = isoflop_design([6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21], 7, (2, 200))
_BOOKS = isoflop_design([6e18, 3e19, 1e20, 6e20], 5, (4, 100))


def constants(corpus: str) -> dict[str, float]:
    """Return the law's true parameters on one corpus, in paper units.

    Examples
    --------
    >>> round(constants("books")["E"], 4), constants("web")["E"]
    (1.7263, 1.8172)
    """
    factors = CORPORA[corpus]
    return {name: value * factors.get(name, 1.0) for name, value in PUBLISHED.items()}


def demo_runs(seed: int) -> Runs:
    """Simulate the sweep: nine isoFLOP curves on the web, four sparser ones on books."""
    design = pd.concat(
        [_BOOKS.assign(corpus="books"), _WEB.assign(corpus="web")], ignore_index=True
    )
    truth = {
        name: {corpus: constants(corpus)[name] for corpus in CORPORA}
        if any(name in factors for factors in CORPORA.values())
        else value
        for name, value in PUBLISHED.items()
    }
    return simulate("chinchilla", design, truth, factors=["corpus"], seed=seed, **NOISE)


def demo_model() -> ScalingModel:
    """Return the model that is fitted: what differs between the corpora is partially pooled."""
    return ScalingModel(Chinchilla, [Vary(name, by="corpus") for name in ("E", "A", "B")])


def true_parameters() -> dict[str, float]:
    """Return the truth by the names of a summary, such as ``E[web]``."""
    varying = {
        f"{vary.parameter}[{corpus}]": constants(corpus)[vary.parameter]
        for vary in demo_model().vary
        for corpus in CORPORA
    }
    alpha, beta = PUBLISHED["alpha"], PUBLISHED["beta"]
    shared = {"alpha": alpha, "beta": beta, **Chinchilla.derived(alpha, beta)}
    return {**varying, **shared, **NOISE}


def true_loss(corpus: str, params: float, tokens: float) -> float:
    """Return the expected loss of a run, in nats per token."""
    return float(Chinchilla.loss(params, tokens, **constants(corpus)))


def true_optimum(corpus: str, flops: float) -> dict[str, float]:
    """Return the truth by the names of an allocation's quantities."""
    theta = constants(corpus)
    needed = {name: theta[name] for name in ("A", "B", "alpha", "beta")}
    params, tokens = Chinchilla.optimum(flops, **needed)
    exponent = Chinchilla.derived(theta["alpha"], theta["beta"])["a"]
    return {
        "params": params,
        "tokens": tokens,
        "tokens_per_param": tokens / params,
        "expected_loss": true_loss(corpus, params, tokens),
        "params_exponent": exponent,
        "tokens_exponent": 1 - exponent,
        "params_per_tenfold": 10**exponent,
        "tokens_per_tenfold": 10 ** (1 - exponent),
    }
