"""Draws that are no posterior are refused, with the chain and variable found."""

import numpy as np
import pytest
import xarray as xr

from bayes_scaling.errors import IncompletePosteriorError
from bayes_scaling.fitting.incomplete import refuse_incomplete

SIZES = 2, 100
"""Chains, and draws of each."""


def tree(sizes: tuple[int, int] = SIZES, **changes: np.ndarray) -> xr.DataTree:
    """Output of a sampler, with some variables replaced."""
    rng = np.random.default_rng(0)
    shape = sizes
    values = {
        "alpha": rng.normal(size=shape),
        "E_raw_corpus": rng.normal(size=(*shape, 3)),
    } | changes
    dims = ("chain", "draw", "corpus")
    variables = {name: (dims[: np.ndim(array)], array) for name, array in values.items()}
    posterior = xr.Dataset(variables)
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(shape, bool))})
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})


def test_whole_draws_pass() -> None:
    complete = tree()
    refuse_incomplete(complete, *SIZES)
    assert complete["posterior"].sizes == {"chain": 2, "draw": 100, "corpus": 3}


def test_truncated_draws_are_refused() -> None:
    cut = tree().isel(draw=slice(0, 60))
    message = "returned 2 chains of 60 draws where 2 of 100 were asked.*truncated.*Fit again"
    with pytest.raises(IncompletePosteriorError, match=message):
        refuse_incomplete(cut, *SIZES)
    with pytest.raises(IncompletePosteriorError, match="returned 1 chains of 100"):
        refuse_incomplete(tree().isel(chain=[0]), *SIZES)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_draws_that_are_not_finite_are_refused_with_chain_and_variable(wrong: float) -> None:
    values = np.random.default_rng(0).normal(size=(2, 100, 3))
    values[1, 7:9, 2] = wrong
    message = "Chain 1 has 2 draws of E_raw_corpus that are not finite.*narrow the priors"
    with pytest.raises(IncompletePosteriorError, match=message):
        refuse_incomplete(tree(E_raw_corpus=values), *SIZES)


def test_a_chain_that_does_not_move_is_refused() -> None:
    values = np.random.default_rng(0).normal(size=(2, 100))
    values[0] = 0.3
    with pytest.raises(
        IncompletePosteriorError, match=r"Chain 0 took 1 distinct values of alpha in 100.*stuck"
    ):
        refuse_incomplete(tree(alpha=values), *SIZES)


def test_runs_without_scatter_are_the_cause_that_is_named() -> None:
    values = np.random.default_rng(0).normal(size=(2, 100))
    values[0] = 0.3
    spread = np.full((2, 100), 4e-13) * np.linspace(1, 2, 100)
    with pytest.raises(
        IncompletePosteriorError,
        match=r"stuck.*without scatter \(noise_sd.*4e-13\).*0\.3 %.*fixed_at",
    ):
        refuse_incomplete(tree(alpha=values, noise_sd=spread), *SIZES)
    with pytest.raises(IncompletePosteriorError, match=r"stuck.*Raise target_accept"):
        refuse_incomplete(tree(alpha=values, noise_sd=spread * 1e9), *SIZES)


def test_a_chain_of_which_one_level_does_not_move_is_refused() -> None:
    values = np.random.default_rng(0).normal(size=(2, 100, 3))
    values[1, :, 1] = 0.3
    with pytest.raises(IncompletePosteriorError, match=r"Chain 1 took 1 distinct.*E_raw_corpus"):
        refuse_incomplete(tree(E_raw_corpus=values), *SIZES)


def test_a_chain_that_rejects_most_proposals_is_slow_and_not_stuck() -> None:
    few = np.repeat(np.random.default_rng(0).normal(size=(2, 10)), 10, axis=1)
    slow = tree(alpha=few)
    refuse_incomplete(slow, *SIZES)
    assert len(np.unique(slow["posterior"]["alpha"].isel(chain=0))) == 10
