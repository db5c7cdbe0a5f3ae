"""Runs with model size or compute by another count that their table holds.

Owns which other counts a table holds, and the count of a larger run that follows from them.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_scaling.runs.conventions import column_source, counts
from bayes_scaling.runs.deriving import DERIVED, derive
from bayes_scaling.runs.table import Runs
from bayes_scaling.units import compute

type Floats = npt.NDArray[np.float64]

# Counts that differ by less are one, and counts that differ by more are of different things.
_ALIKE, _MOST = 0.01, 10.0


def recounted(runs: Runs) -> dict[str, Runs]:
    """Return the runs by every other count of model size or compute that their table holds.

    Examples
    --------
    >>> sizes = {"n_params": [1.3e8, 1.1e9], "non_embedding_params": [9e7, 1e9]}
    >>> frame = pd.DataFrame({**sizes, "D": [2e9, 2e10], "loss": [3.5, 2.9]})
    >>> list(recounted(Runs.from_frame(frame)))
    ["params: column 'non_embedding_params', without embeddings"]
    """
    found = {}
    for part in ("params", "flops"):
        if part in runs.inputs:
            for source, values in _other_counts(runs, part):
                if _is_other(values, runs.values(part)):
                    found[f"{part}: {source}"] = _with(runs, part, values, source)
    return found


def _other_counts(runs: Runs, part: str) -> Iterator[tuple[str, Floats]]:
    table = runs.table
    for name in table.columns.difference([*runs.inputs, *runs.factors, "loss"], sort=False):
        if counts(part, name):
            values = pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64)
            yield column_source(part, name), values
    recorded = runs.sources.get(part) != DERIVED[part]
    if part == "flops" and recorded and {"params", "tokens"} <= {*runs.inputs}:
        yield DERIVED[part], np.asarray(compute(runs.values("params"), runs.values("tokens")))


def _is_other(values: Floats, own: Floats) -> bool:
    with np.errstate(all="ignore"):
        apart = np.abs(np.log(values / own))
    return bool((apart <= np.log(_MOST)).all() and (apart > _ALIKE).any())


def _with(runs: Runs, part: str, values: Floats, source: str) -> Runs:
    sources = {**runs.sources, part: source}
    follow = [name for name, how in DERIVED.items() if sources.get(name) == how and name != part]
    table = runs.table.assign(**{part: values}).drop(columns=follow)
    derive(table)
    return replace(runs, table=table, sources=sources, reference=runs.scales_by_hand)


def recounted_at(values: Floats, own: Floats, other: Floats) -> Floats:
    """Convert values of one count to another, by runs that have both.

    Parameters
    ----------
    values
        Of the first count, at any scale.
    own, other
        Both counts of the runs.

    Notes
    -----
    The share by which the counts differ goes as a power of the first and never grows with it:
    embeddings are as wide as the model, and their share falls as ``params**(-2/3)``.

    Examples
    --------
    >>> own = np.array([1e8, 1e9])
    >>> recounted_at(np.array([1e10]), own, own * (1 + own**-0.5 * 1e3))
    array([1.01e+10])
    """
    share = other / own - 1
    size, kept = np.log(own), np.abs(share) > 1e-9
    decay = np.log(np.abs(share[kept]))
    spread = np.ptp(size[kept]) > 0.1
    slope = min(float(np.polyfit(size[kept], decay, 1)[0]), 0.0) if spread else 0.0
    level = float(np.mean(decay - slope * size[kept]))
    sign = np.sign(share[kept][np.argmax(own[kept])])
    expected = sign * np.exp(level + slope * np.log(values))
    return np.asarray(values * (1 + np.clip(expected, min(share.min(), 0), max(share.max(), 0))))
