"""Each operation gives the same numbers on floats, NumPy, xarray and xtensor variables."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pymc as pm
import pymc.dims as pmd
import pytensor.tensor as pt
import pytest
import xarray as xr
from pytensor import function, grad
from pytensor.graph import rewrite_graph
from pytensor.xtensor import as_xtensor
from scipy import special

from bayes_scaling import ops

X = np.array([0.05, 0.5, 1.0, 2.0, 30.0])
Y = np.array([1.0, 0.7])

UNARY: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "gammaln": special.gammaln,
}
BINARY: dict[str, Callable[..., Any]] = {
    "maximum": np.maximum,
    "minimum": np.minimum,
    "logaddexp": np.logaddexp,
}


def evaluate(variable: Any) -> np.ndarray:
    return variable.eval(mode="FAST_COMPILE")


def labelled(values: np.ndarray, dim: str) -> xr.DataArray:
    return xr.DataArray(values, dims=dim, coords={dim: np.arange(len(values))})


@pytest.mark.parametrize("name", UNARY)
def test_unary_operations_agree_on_all_containers(name: str) -> None:
    operation, expected = getattr(ops, name), UNARY[name](X)
    np.testing.assert_allclose([operation(float(x)) for x in X], expected, rtol=1e-14)
    np.testing.assert_allclose(operation(X), expected, rtol=1e-14)
    xr.testing.assert_allclose(operation(labelled(X, "run")), labelled(expected, "run"))
    symbolic = operation(as_xtensor(X, dims=("run",)))
    assert symbolic.dims == ("run",)
    np.testing.assert_allclose(evaluate(symbolic), expected, rtol=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_binary_operations_agree_on_all_containers(name: str) -> None:
    operation, expected = getattr(ops, name), BINARY[name](X, 0.7)
    np.testing.assert_allclose([operation(float(x), 0.7) for x in X], expected, rtol=1e-14)
    np.testing.assert_allclose(operation(X, 0.7), expected, rtol=1e-14)
    xr.testing.assert_allclose(operation(0.7, labelled(X, "run")), labelled(expected, "run"))
    for symbolic in (
        operation(as_xtensor(X, dims=("run",)), 0.7),
        operation(0.7, as_xtensor(X, dims=("run",))),
        operation(labelled(X, "run"), as_xtensor(0.7)),
    ):
        assert symbolic.dims == ("run",)
        np.testing.assert_allclose(evaluate(symbolic), expected, rtol=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_binary_operations_broadcast_by_dim_name(name: str) -> None:
    operation, expected = getattr(ops, name), BINARY[name](X[:, None], Y)
    on_xarray = operation(labelled(X, "run"), labelled(Y, "corpus"))
    assert on_xarray.dims == ("run", "corpus")
    np.testing.assert_allclose(on_xarray, expected)
    symbolic = operation(as_xtensor(X, dims=("run",)), as_xtensor(Y, dims=("corpus",)))
    assert symbolic.dims == ("run", "corpus")
    np.testing.assert_allclose(evaluate(symbolic), expected, rtol=1e-12)


@pytest.mark.parametrize("name", BINARY)
def test_binary_operations_take_more_than_two_terms(name: str) -> None:
    operation = getattr(ops, name)
    expected = BINARY[name].reduce([0.3, 0.7, 0.1])
    assert operation(0.3, 0.7, 0.1) == pytest.approx(expected)
    assert evaluate(operation(0.3, as_xtensor(0.7), 0.1)) == pytest.approx(expected)


@pytest.mark.parametrize("symbolic", ["condition", "if_true", "if_false"])
def test_where_with_any_one_term_symbolic(symbolic: str) -> None:
    terms: dict[str, Any] = {
        "condition": labelled(X > 0.7, "run"),
        "if_true": labelled(X, "run"),
        "if_false": labelled(Y, "corpus"),
    }
    on_xarray = ops.where(**terms)
    np.testing.assert_allclose(on_xarray, np.where(X[:, None] > 0.7, X[:, None], Y))
    terms[symbolic] = as_xtensor(terms[symbolic])
    variable = ops.where(**terms)
    assert variable.dims == on_xarray.dims == ("run", "corpus")
    np.testing.assert_allclose(evaluate(variable), on_xarray)


def test_where_takes_plain_numbers_and_one_labelled_term() -> None:
    assert float(ops.where(2.0 > 1.0, 3.0, 4.0)) == 3.0
    np.testing.assert_array_equal(ops.where(X > 0.7, X, 0.0), np.where(X > 0.7, X, 0.0))
    mixed = ops.where(True, 1.0, labelled(X, "run"))
    assert mixed.dims == ("run",)
    np.testing.assert_array_equal(mixed, np.ones_like(X))


def test_scalar_arguments_of_labelled_draws_keep_their_coordinates() -> None:
    draws = xr.DataArray(np.ones((2, 3)), dims=("chain", "draw"), coords={"chain": [0, 1]})
    assert ops.maximum(draws, labelled(Y, "point")).dims == ("chain", "draw", "point")
    assert list(ops.where(draws > 0, draws, 0.0).coords["chain"]) == [0, 1]


@pytest.mark.parametrize(("x", "expected"), [(-800.0, 0.0), (-40.0, np.exp(-40.0)), (800.0, 1.0)])
def test_sigmoid_is_precise_in_both_tails(x: float, expected: float) -> None:
    assert float(ops.sigmoid(x)) == pytest.approx(expected, rel=1e-12)
    assert float(evaluate(ops.sigmoid(as_xtensor(x)))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (800.0, -800.0), (-800.0, -801.0), (3.0, 1e-9)])
def test_symbolic_logaddexp_has_the_values_and_gradient_of_the_exact_function(
    a: float, b: float
) -> None:
    first, second = pt.dscalars("first", "second")
    total = ops.logaddexp(as_xtensor(first), as_xtensor(second)).values
    # Named dimensions are lowered to plain tensors before differentiation, as PyMC does.
    total = rewrite_graph(total, include=("lower_xtensor", "canonicalize"))
    results = function([first, second], [total, *grad(total, [first, second])], mode="FAST_COMPILE")
    value, *slopes = results(a, b)
    assert value == pytest.approx(np.logaddexp(a, b))
    np.testing.assert_allclose(slopes, special.softmax([a, b]), atol=1e-12)


def test_model_variables_are_symbolic() -> None:
    with pm.Model(coords={"run": range(5)}):
        size = pmd.Data("size", X, dims="run")
        offset = pmd.Normal("offset")
        total = ops.logaddexp(ops.log(size), offset)
    assert total.dims == ("run",)


def test_arrays_without_dims_cannot_meet_symbolic_terms() -> None:
    with pytest.raises(TypeError, match="Cannot convert"):
        ops.maximum(X, as_xtensor(X, dims=("run",)))


def test_plain_and_labelled_terms_do_not_import_pytensor() -> None:
    code = (
        "import sys, numpy as np, xarray as xr\n"
        "from bayes_scaling import ops\n"
        "ops.maximum(xr.DataArray(np.ones(2)), 0.5), ops.where(np.ones(2) > 0, 1.0, 2.0)\n"
        "print([name for name in ('pymc', 'pytensor') if name in sys.modules])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(ops.__file__).parents[1],
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "[]"
