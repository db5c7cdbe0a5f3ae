"""The law of low precision: what the paper states, its limits, and recovery."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from bayes_scaling.errors import ModelError
from bayes_scaling.laws import Chinchilla, Precision, published_set

KUMAR = dict(published_set("kumar2025").parameters)
PARTS = Precision().parts


def same(bits: float) -> dict[str, float]:
    """All parts in one precision."""
    return {f"{part}_bits": bits for part in PARTS}


def test_best_precision_of_any_budget_is_seven_to_eight_bits() -> None:
    """Finding 3: at its best size and data, a run in P bits costs 6/16 N D P."""
    law = Precision()

    def best_loss(bits: float, flops: float) -> float:
        share = law.effective_share(same(bits), KUMAR)
        terms = {name: KUMAR[name] for name in ("B", "alpha", "beta")}
        terms["A"] = KUMAR["A"] * share ** -KUMAR["alpha"]
        params, tokens = Chinchilla.optimum(flops * 16 / bits, **terms)
        return float(law.evaluate({"params": params, "tokens": tokens, **same(bits)}, KUMAR))

    for flops in (1e19, 1e23):
        found = minimize_scalar(best_loss, bounds=(4, 16), method="bounded", args=(flops,))
        assert 7 <= round(float(found.x), 1) <= 8


def test_four_bits_need_models_more_than_four_times_as_large() -> None:
    share = Precision().effective_share(same(4.0), KUMAR)
    assert 4 < 1 / share < 6


def test_with_many_bits_it_is_chinchilla() -> None:
    base = {name: KUMAR[name] for name in ("E", "A", "B", "alpha", "beta")}
    at = {"params": 1e8, "tokens": 1e10}
    assert Precision().evaluate({**at, **same(64.0)}, KUMAR) == pytest.approx(
        Chinchilla.loss(*at.values(), **base), rel=1e-9
    )


def test_activations_are_the_most_sensitive_part() -> None:
    shares = {
        part: Precision((part,)).effective_share({f"{part}_bits": 4.0}, KUMAR) for part in PARTS
    }
    assert shares["activation"] < shares["weight"] < shares["cache"]


def test_fewer_bits_than_leave_anything_are_finite() -> None:
    at = {"params": 1e8, "tokens": 1e10, **same(1.0)}
    assert np.isfinite(Precision().evaluate(at, KUMAR))


@pytest.mark.parametrize("parts", [(), "weight", ("weights",), ("cache", "cache")])
def test_parts_that_are_none_are_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match=r"parts is .*one or more of 'weight', 'activation'"):
        Precision(parts)


def test_equation_has_a_factor_for_each_part() -> None:
    assert Precision(("weight",)).equation == (
        r"E + A [N (1 - e^{n_\mathrm{w} - P_\mathrm{w} / \gamma_\mathrm{w}})]^{-\alpha}"
        r" + B D^{-\beta}"
    )


def sweep(rng: np.random.Generator) -> pd.DataFrame:
    """Sizes and data of the paper, each part lowered by itself, and all of them together."""
    low = [(bits, 16, 16) for bits in (3, 4, 5, 6, 8)]
    low += [(16, bits, 16) for bits in (4, 5, 6, 8)]
    low += [(16, 16, bits) for bits in (4, 5, 6, 8)] + [(5, 5, 5), (6, 6, 6), (16, 16, 16)]
    sizes, data = (3e7, 6e7, 1.1e8, 2.2e8), (1.5e9, 6e9, 2.6e10)
    rows = [(n, d, *bits) for n, d, bits in product(sizes, data, low)]
    columns = ["params", "tokens", *(f"{part}_bits" for part in PARTS)]
    return pd.DataFrame(rows, columns=columns).astype(float)


@pytest.mark.slow
def test_recovers_its_truth(recovery) -> None:  # type: ignore[no-untyped-def]
    # Smaller than the published floor, which no default prior expects.
    truth = {**KUMAR, "E": 1.9}
    target = {"params": 1.7e9, "tokens": 2.6e10, **same(6.0)}
    result = recovery(Precision(), sweep, truth, target)
    assert result.parameters >= 0.8
    assert result.target >= 0.8
    assert result.divergent <= 0.005
