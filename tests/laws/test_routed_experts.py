"""The law of Clark et al. (2022) against the constants of the paper and its runs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.laws import RoutedExperts
from bayes_scaling.laws.routed_experts import effective_experts

# Table 3 of the paper, as quoted in secondary texts: rounded to three decimals.
S_BASE = {"a": -0.082, "b": -0.108, "c": 0.009, "d": 1.104, "E_start": 1.847, "E_max": 314.5}
PUBLISHED = {
    "s_base": {"a": -0.082, "b": -0.108, "d": 1.104},
    "rl_r": {"a": -0.083, "b": -0.126, "d": 1.111},
    "hash": {"a": -0.087, "b": -0.136, "d": 1.157},
}


def router_runs(shared_data: Path, router: str) -> bs.Runs:
    """The runs of the paper's main fit: one router and the dense models."""
    runs = pd.read_csv(shared_data / "routed_lm.csv").drop(columns="tokens")
    chosen = runs["router"].isin(["dense", router]) & runs["in_paper_main_fit"]
    return bs.Runs.from_frame(
        runs[chosen], params="params", loss="loss", inputs=("experts",), run="run"
    )


def test_published_constants_give_the_measured_losses(shared_data: Path) -> None:
    runs = router_runs(shared_data, "s_base")
    at = {name: runs.values(name) for name in RoutedExperts.inputs}
    errors = RoutedExperts().evaluate(at, S_BASE) / runs.values("loss") - 1
    # Constants of three decimals, times logarithms up to nine: a few per cent.
    assert np.abs(errors).max() < 0.05
    assert np.corrcoef(np.log(runs.values("loss")), np.log1p(errors))[0, 1] < 0.9


def test_logarithms_are_decimal() -> None:
    # d is the decimal logarithm of the loss at one parameter, for one effective expert.
    alone = {**S_BASE, "E_start": 1.0}
    assert RoutedExperts.loss(1.0, 1.0, **alone) == pytest.approx(10**1.104)
    assert RoutedExperts.loss(1e9, 1.0, **alone) == pytest.approx(10 ** (1.104 - 9 * 0.082))


@pytest.mark.parametrize(("experts", "effective"), [(1.0, 1.847), (1e12, 314.5)])
def test_experts_saturate_at_both_ends(experts: float, effective: float) -> None:
    assert effective_experts(experts, 1.847, 314.5) == pytest.approx(effective)


def test_experts_help_large_models_less_and_beyond_a_size_do_harm() -> None:
    turn = 10 ** (0.108 / 0.009)
    for params, sign in ((1e8, -1), (0.99 * turn, -1), (1.01 * turn, 1)):
        few, many = RoutedExperts.loss(params, np.array([1.0, 64.0]), **S_BASE)
        assert np.sign(many - few) == sign
    gains = [
        RoutedExperts.loss(n, 64.0, **S_BASE) / RoutedExperts.loss(n, 1.0, **S_BASE)
        for n in (1e7, 1e8, 1e9)
    ]
    assert gains == sorted(gains)


def test_reference_units_centre_the_exponent_of_experts() -> None:
    reference = {"loss": 2.5, "params": 1e8, "experts": 1.0}
    reciprocal = {name: 1 / value for name, value in reference.items()}
    centred = RoutedExperts().rescale(reciprocal, S_BASE)
    assert centred["b"] == pytest.approx(-0.108 + 0.009 * 8)
    assert centred["a"] == S_BASE["a"]
    assert centred["d"] == pytest.approx(1.104 - 0.082 * 8 - np.log10(2.5))


@pytest.mark.slow
@pytest.mark.parametrize("router", PUBLISHED)
def test_posterior_medians_are_the_published_constants(shared_data: Path, router: str) -> None:
    model = bs.ScalingModel(RoutedExperts, surface=None)
    fit = bs.fit(model, router_runs(shared_data, router), tune=2000, seed=1, progress=False)
    assert fit.diagnostics.problems == ()
    published = pd.Series(PUBLISHED[router])
    found = fit.summary().loc[published.index, "median"]
    # The constants are themselves estimates: a fit by least squares of these runs moves b by 0.01.
    assert np.abs(found - published).max() < 0.015


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None], crossed: Callable[..., object]) -> None:
    target = {"params": 1.3e10, "experts": 128.0}
    design = crossed(
        experts=2.0 ** np.arange(10), params=[1.5e7, 2.5e7, 5.5e7, 1.3e8, 3.7e8, 1.3e9]
    )
    recovers(RoutedExperts(), design, S_BASE, target)
