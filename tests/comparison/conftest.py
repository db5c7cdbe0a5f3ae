"""Fits that are known to be better or worse than each other, without sampling."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import xarray as xr

import bayes_scaling as bs


@pytest.fixture(scope="session")
def off(stored_fit: bs.ScalingFit) -> Callable[..., bs.ScalingFit]:
    """The stored fit with its floor a few percent off, for all corpora or for one of them."""

    def make(by: float, corpus: str | None = None) -> bs.ScalingFit:
        floor = stored_fit.posterior["E_ref"]
        everywhere = xr.ones_like(floor["corpus"], dtype=bool)
        chosen = everywhere if corpus is None else floor["corpus"] == corpus
        wrong = {"E_ref": floor.where(~chosen, floor * (1 + by))}
        if corpus is None:
            # From which forecasts of a backtest are made, where a level may be a new one.
            wrong["E_typical_ref"] = stored_fit.posterior["E_typical_ref"] * (1 + by)
        return replace(stored_fit, posterior=stored_fit.posterior.assign(wrong))

    return make
