"""Checks that fits are of the same runs, without which neither scores nor draws combine.

Tables and fits are compared by what they hold: those of a file are new objects each time it is
read.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.runs import Runs


def check_same_runs(fits: Mapping[str, ScalingFit], asker: str) -> None:
    """Refuse fits that are not of the same runs and response.

    Raises
    ------
    ModelError
        No mapping of names to fits.
    RunsError
        With what differs.
    """
    good = isinstance(fits, Mapping) and all(isinstance(f, ScalingFit) for f in fits.values())
    if not good or not fits:
        raise ModelError(
            f"{asker}: fits={type(fits).__name__} does not name fits, and results are told apart "
            "by their names. Give a mapping such as {'chinchilla': fit, 'kaplan': other}."
        )
    (first, one), *others = fits.items()
    for name, other in others:
        difference = runs_differ(one.runs, other.runs)
        if difference:
            raise RunsError(
                f"{asker}: {first!r} and {name!r} are not fits of the same runs: {difference}. "
                "Scores of different runs do not compare. Fit both models to one table."
            )
        if one.model.law.stages != other.model.law.stages:
            stages = [list(fit.model.law.stages) or "none" for fit in (one, other)]
            raise RunsError(
                f"{asker}: {first!r} and {name!r} do not predict the same: stages {stages[0]} and "
                f"{stages[1]} besides the response, whose density is in their scores. Compare laws "
                "with the same stages."
            )


def same_table(one: Runs, other: Runs) -> bool:
    """True if two tables hold the same runs, as far as a model can read them."""
    if one is other:
        return True
    parts = [(runs.inputs, runs.factors, runs.response) for runs in (one, other)]
    columns = [*one.inputs, "loss", *one.factors]
    return parts[0] == parts[1] and one.table[columns].equals(other.table[columns])


def runs_differ(one: Runs, other: Runs) -> str:
    """In what two tables of runs differ, as words; nothing where names and responses agree."""
    if one is other:
        return ""
    names = [list(runs.table.index) for runs in (one, other)]
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} runs"
    if names[0] != names[1]:
        pair = next((a, b) for a, b in zip(*names, strict=True) if a != b)
        return f"the runs {pair[0]!r} and {pair[1]!r} stand in the same place"
    if one.response != other.response:
        return f"the responses are {one.response!r} and {other.response!r}"
    responses = [runs.values("loss") for runs in (one, other)]
    apart = np.flatnonzero(responses[0] != responses[1])
    if apart.size:
        place = int(apart[0])
        values = " and ".join(f"{values[place]:.6g}" for values in responses)
        return f"run {names[0][place]!r} has the {one.response} {values}"
    return ""
