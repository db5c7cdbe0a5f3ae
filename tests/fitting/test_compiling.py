"""Compiled models say what PyMC says, and are found on disk by the next process."""

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest

from bayes_scaling.fitting.compiling import _of_its_kind, compile_model, density_at, in_coordinates


def small_model() -> pm.Model:
    with pm.Model(coords={"run": range(4), "level": range(2)}) as model:
        level = pm.Data("level_index", np.array([0, 1, 1, 0]), dims="run")
        weights = pm.Data("weights", np.arange(8.0).reshape(4, 2), dims=("run", "level"))
        slopes = pm.Normal("slopes", pm.Data("centre", 0.5), 2.0, dims="level")
        spread = pm.HalfNormal("spread", 1.0)
        mean = slopes[level] + pm.math.dot(weights, slopes)
        pm.Normal("y", mean, spread, observed=pm.Data("seen", np.arange(4.0)), dims="run")
    return model


@pytest.fixture(scope="module")
def compiled() -> object:
    return compile_model(small_model())


def test_density_and_gradient_are_those_of_pymc(compiled: object) -> None:
    point = np.array([0.3, -0.2, 0.1])
    model = small_model()
    at = dict(zip(["slopes", "spread_log__"], np.split(point, [2]), strict=True))
    at["spread_log__"] = at["spread_log__"][0]
    code, value, gradient = density_at(compiled, point)
    assert code == 0
    assert value == pytest.approx(model.compile_logp(mode="FAST_COMPILE")(at))
    assert gradient == pytest.approx(model.compile_dlogp(mode="FAST_COMPILE")(at))


def test_other_data_of_other_length_are_read(compiled: object) -> None:
    point = np.array([0.3, -0.2, 0.1])
    fewer = compiled.with_data(level_index=[1, 0], weights=np.ones((2, 2)), seen=[2.0, 3.0])
    with small_model() as model:
        pm.set_data(
            {"level_index": [1, 0], "weights": np.ones((2, 2)), "seen": [2.0, 3.0]},
            coords={"run": range(2)},
        )
        at = {"slopes": point[:2], "spread_log__": point[2]}
        assert density_at(fewer, point)[1] == pytest.approx(
            model.compile_logp(mode="FAST_COMPILE")(at)
        )


def test_in_coordinates_the_density_is_that_of_the_point_they_give(compiled: object) -> None:
    numbers, centre, spread = np.array([2, 0]), np.array([0.3, -0.2]), np.array([[1, 0], [0.5, 2]])
    point = np.array([0.4, -0.1, 0.2])
    own = centre + spread @ point[numbers]
    mapped = in_coordinates(compiled, numbers, centre, spread)
    _, value, gradient = density_at(mapped, point)
    _, there, slope = density_at(compiled, np.array([own[1], point[1], own[0]]))
    assert value == pytest.approx(there)
    assert gradient[numbers] == pytest.approx(spread.T @ slope[numbers])
    assert gradient[1] == pytest.approx(slope[1])


def test_a_point_without_a_density_has_its_code(compiled: object) -> None:
    nowhere = compiled.with_data(seen=np.full(4, np.nan))
    assert density_at(nowhere, np.array([0.3, -0.2, 0.1]))[0] == 3


def test_the_same_model_built_anew_is_read_from_disk(compiled: object) -> None:
    again = compile_model(small_model())
    assert again.compiled_logp_func.cache_hits == 1
    assert again.compiled_expand_func.cache_hits == 1


def test_operations_of_one_kind_share_a_function() -> None:
    known: dict[object, object] = {}
    shapes = [(pt.vector(), 3), (pt.vector(), 4), (pt.matrix(), (3, 2))]
    nodes = [pt.specify_shape(*given).owner for given in shapes]
    first, second, other = (_of_its_kind(known, node.op, node)[0] for node in nodes)
    assert first is second
    assert other is not first
