"""A hint for fits whose law holds for some of the runs exactly and for others not at all."""

from __future__ import annotations

import xarray as xr

FEWEST_DF = 1.0
"""Degrees of freedom below which a density rewards lying exactly on some of the runs, whichever
they are, more than being near all of them."""


def split_runs(posterior: xr.Dataset) -> str:
    """A hint if the scatter has so few degrees of freedom, else nothing."""
    if "noise_df" not in posterior:
        return ""
    df = float(posterior["noise_df"].median())
    if df >= FEWEST_DF:
        return ""
    return (
        f"The scatter has {df:.2g} degrees of freedom: the law holds for some of the runs exactly "
        "and says nothing of the others, and chains may differ in which. Leave out runs that the "
        "law is not about, or hold the tails: "
        "noise=bs.noise.LogStudentT(df=bs.Prior.fixed_at(2.0))."
    )
