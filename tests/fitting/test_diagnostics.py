"""What is said of chains that have not converged."""

import numpy as np
import pytest
import xarray as xr

from bayes_scaling.fitting.diagnostics import Diagnostics, diagnose


def chains(apart: float) -> Diagnostics:
    """Diagnostics of independent draws whose chains lie so many standard deviations apart."""
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((4, 1000)) + apart * np.arange(4)[:, None]
    dims = ("chain", "draw")
    never = xr.Dataset({"diverging": (dims, np.zeros((4, 1000), bool))})
    return diagnose(xr.Dataset({"E": (dims, draws)}), never, ["E"])


def test_good_chains_have_no_note() -> None:
    assert chains(0.0).diagnosis == "ok"
    assert chains(0.0).notes == ()


@pytest.mark.parametrize(("apart", "places"), [(0.2, False), (2.0, True)])
def test_chains_in_different_places_are_told_from_short_ones(apart: float, places: bool) -> None:
    (note,) = chains(apart).notes
    assert note.startswith("The chains have not converged: R-hat ")
    assert ("They sit in different places" in note) == places
