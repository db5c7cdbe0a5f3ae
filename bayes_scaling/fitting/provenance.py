"""Origin of a result: versions of packages, the table of runs as text and as hash."""

from __future__ import annotations

import hashlib
import platform

from bayes_scaling.display.versions import installed_version
from bayes_scaling.runs import Runs
from bayes_scaling.runs.conventions import bits_per

PACKAGES = (
    "bayes_scaling",
    "pymc",
    "pytensor",
    "nutpie",
    "arviz",
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "matplotlib",
)


def versions() -> dict[str, str]:
    """Version of Python, of this package and of what it computes with."""
    return {"python": platform.python_version()} | {n: installed_version(n) for n in PACKAGES}


def runs_csv(runs: Runs) -> str:
    """The columns that a model can read, as CSV: inputs, loss, factors, by name of the run.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"N": [1e8, 1e9], "D": [2e9, 2e10], "loss": [3.5, 2.9]})
    >>> print(runs_csv(Runs.from_frame(frame)))
    run,params,tokens,flops,loss
    0,100000000.0,2000000000.0,1.2e+18,3.5
    1,1000000000.0,20000000000.0,1.2e+20,2.9
    <BLANKLINE>
    """
    table = runs.table[[*runs.inputs, "loss", *runs.factors]]
    named = table.rename(columns={"loss": loss_column(runs)})
    return str(named.to_csv(lineterminator="\n"))


def loss_column(runs: Runs) -> str:
    """Name of the column of losses in :func:`runs_csv`: it says their unit where it is known."""
    unit = bits_per(runs.sources.get("loss", ""))
    return f"bits_per_{unit}" if unit else "loss"


def table_digest(runs: Runs) -> str:
    """SHA-256 of :func:`runs_csv` in UTF-8; it is the same for the same numbers and labels."""
    return hashlib.sha256(runs_csv(runs).encode("utf-8")).hexdigest()
