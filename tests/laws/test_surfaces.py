"""The surface over every law of losses: the law itself where it adds nothing, above its floor."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.fitting.loss_surface import LossSurface
from bayes_scaling.fitting.posterior_surface import loss_surface
from bayes_scaling.model.axes import grown
from bayes_scaling.model.inputs import input_values, scales
from bayes_scaling.model.nodes import NODE, node_count
from bayes_scaling.model.surface import MISS, SIZE, WEIGHTS
from tests.laws.test_laws import OF_LOSS, TO_A_FLOOR

DIMS = {"chain": [0, 1], "draw": range(50)}
LAWS = list({repr(law): law for law in (*OF_LOSS, *TO_A_FLOOR)}.values())
LARGER = (1.0, 1e1, 1e3, 1e6)

EACH_LAW = pytest.mark.parametrize("law", LAWS, ids=repr)


@pytest.fixture
def runs_on(sweep) -> Callable[[bs.Law], bs.Runs]:
    """Make runs on a law at the medians of its priors."""

    def make(law: bs.Law) -> bs.Runs:
        theta = {name: prior.range(0.001)[0] for name, prior in law.priors.items()}
        typical = sweep(law, theta)
        return sweep(law, law.rescale({**scales(law, typical), "loss": 2.5}, theta))

    return make


def surface(law: bs.Law, runs: bs.Runs, left_out: float) -> LossSurface:
    """The surface of draws from the priors, in which the law leaves out nothing or much."""
    rng = np.random.default_rng(1)
    model = bs.ScalingModel(law)
    assert model.has_surface(runs)

    def draws(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values.reshape(2, 50), DIMS, tuple(DIMS))

    weights = rng.standard_normal((2, 50, node_count(law)))
    posterior = xr.Dataset(
        {model.reference_name(n): draws(p.sample(100, rng)) for n, p in law.priors.items()}
        | {SIZE: draws(np.full(100, left_out)), WEIGHTS: xr.DataArray(weights, DIMS, (*DIMS, NODE))}
        | {MISS: left_out * draws(rng.standard_normal(100))}
    )
    return loss_surface(posterior, model, runs, {})


def larger(law: bs.Law, runs: bs.Runs) -> dict[str, xr.DataArray]:
    """The runs themselves, and each made larger in compute along its path."""
    decades = np.log10(xr.DataArray(list(LARGER), dims="larger"))
    values = {name: xr.DataArray(input_values(runs, name), dims="run") for name in law.inputs}
    return grown(law, values, decades)


@EACH_LAW
def test_it_is_the_law_where_nothing_is_left_out(
    law: bs.Law, runs_on: Callable[[bs.Law], bs.Runs]
) -> None:
    runs = runs_on(law)
    drawn, at = surface(law, runs, left_out=0.0), larger(law, runs)
    scaled = {name: values / drawn.units[name] for name, values in at.items()}
    expected = drawn.units["loss"] * law.evaluate(scaled, drawn.theta)
    found, expected = xr.broadcast(drawn.loss(at), expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@EACH_LAW
def test_no_draw_is_below_its_floor(law: bs.Law, runs_on: Callable[[bs.Law], bs.Runs]) -> None:
    runs = runs_on(law)
    drawn = surface(law, runs, left_out=1.0)
    losses = drawn.loss(larger(law, runs))
    assert np.isfinite(losses).all()
    assert (losses > 0).all()
    assert (losses >= drawn.floor).all()
