"""simulate(): losses of a design under known parameters.

For trying a method where the answer is known. Owns how a truth is written down and how runs
scatter about it; what is learnt from the runs is for the layers above.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_scaling.display.wording import listed, rows
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.laws import Law, as_law
from bayes_scaling.runs import Runs
from bayes_scaling.runs.cells import as_label
from bayes_scaling.runs.columns import STANDARD_INPUTS

type Truth = Mapping[str, float | Mapping[str, float]]
"""Value of each parameter in paper units, or its value in each level of a factor."""


def simulate(
    law: Law | type[Law] | str,
    design: pd.DataFrame,
    truth: Truth,
    *,
    noise_sd: float = 0.005,
    noise_df: float | None = 4.0,
    factors: Sequence[str] = (),
    seed: int = 0,
) -> Runs:
    """Simulate the runs of a design from a law with known parameters.

    Parameters
    ----------
    law : Law, its class or its name
    design : pandas.DataFrame
        One row for each run: a column for each input of the law, and for each factor.
    truth : mapping of str to float, or of str to (mapping of str to float)
        Every parameter of the law in paper units: one number, or the number in each level of a
        factor for a parameter that differs between levels.
    noise_sd : float
        Scale of the scatter of log loss, about the relative scatter of the loss. Zero gives the
        law itself.
    noise_df : float or None
        Degrees of freedom of Student's t; None or infinity makes the scatter normal.
    factors : sequence of str
        Grouping columns of the design.
    seed : int
        Seed of the scatter.

    Returns
    -------
    Runs
        The design with its columns, and ``loss``.

    Raises
    ------
    RunsError
        The design lacks a column, or holds what cannot be an input.
    ModelError
        The truth lacks a parameter or a level, or the noise cannot be one.

    Examples
    --------
    >>> from bayes_scaling.datasets import isoflop_design
    >>> design = isoflop_design([1e20, 1e21], sizes_per_budget=3)
    >>> truth = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
    >>> simulate("chinchilla", design, truth, noise_sd=0.0).values("loss").round(3).tolist()
    [2.609, 2.554, 2.625, 2.344, 2.306, 2.35]
    """
    law = as_law(law)
    _check_noise(noise_sd, noise_df)
    _check_law(law, truth)
    inputs = _inputs(law, design, factors)
    theta = {name: _values(law, name, truth, design, factors) for name in law.priors}
    expected = np.broadcast_to(np.asarray(law.evaluate(inputs, theta), dtype=float), len(design))
    _check_expected(law, expected, design)
    scatter = noise_sd * _standard(noise_df, len(design), np.random.default_rng(seed))
    return Runs.from_frame(
        design.assign(loss=expected * np.exp(scatter)),
        inputs=[name for name in law.inputs if name not in STANDARD_INPUTS],
        factors=factors,
    )


def _inputs(
    law: Law, design: pd.DataFrame, factors: Sequence[str]
) -> dict[str, npt.NDArray[np.float64]]:
    lacking = [name for name in (*law.inputs, *factors) if name not in design]
    if lacking:
        raise RunsError(
            f"simulate: the design has no column {listed(lacking)} (its columns are "
            f"{listed(design.columns, 20)}). {law.name} is a function of "
            f"{', '.join(law.inputs)}, and a factor is a column of labels. Add the column."
        )
    inputs = {}
    for name in law.inputs:
        numbers = pd.to_numeric(design[name], errors="coerce").astype(float)
        bad = design.index[~((numbers > 0) & np.isfinite(numbers))]
        if len(bad):
            raise RunsError(
                f"simulate: {name} of the design is not a positive number in {rows(bad)}: "
                f"{listed(design[name].loc[bad])}. A law is defined for positive inputs only. "
                "Give counts, such as 7e9."
            )
        inputs[name] = np.asarray(numbers, dtype=np.float64)
    return inputs


def _values(
    law: Law, name: str, truth: Truth, design: pd.DataFrame, factors: Sequence[str]
) -> float | npt.NDArray[np.float64]:
    """One number, or the number of each run for a parameter that differs between levels."""
    if name not in truth:
        missing = [known for known in law.priors if known not in truth]
        raise ModelError(
            f"simulate: the truth gives no {listed(missing)} (it gives {listed(truth, 20)}). "
            f"{law.name} has no loss without all of {', '.join(law.priors)}. Add a number in the "
            "units of the paper."
        )
    value = truth[name]
    if not isinstance(value, Mapping):
        return _number(name, value)
    factor = _factor_of(name, value, design, factors)
    by_level = {
        as_label(level): _number(f"{name} in {level!r}", number) for level, number in value.items()
    }
    values = design[factor].map(as_label).map(by_level)
    return np.asarray(values, dtype=np.float64)


def _number(what: str, value: object) -> float:
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    raise ModelError(
        f"simulate: {what} is {value!r}. The truth is made of numbers in the units of the paper. "
        "Give one number, or one for each level of a factor."
    )


def _factor_of(
    name: str, value: Mapping[str, float], design: pd.DataFrame, factors: Sequence[str]
) -> str:
    """Find the one factor all of whose levels have a value."""
    if not factors:
        raise ModelError(
            f"simulate: the truth gives {name} by level ({listed(value)}), and no factor is "
            "named, so no run has a level. Name the column of levels in factors=, or give "
            f"{name} as one number."
        )
    given = {as_label(level) for level in value}
    lacking = {factor: sorted(set(design[factor].map(as_label)) - given) for factor in factors}
    complete = [factor for factor, levels in lacking.items() if not levels]
    if len(complete) > 1:
        raise ModelError(
            f"simulate: {name} by level ({listed(value)}) fits the factors {listed(complete)} "
            "alike, so it is not clear which one it differs by. Rename the levels of one."
        )
    if not complete:
        factor = min(lacking, key=lambda one: len(lacking[one]))
        raise ModelError(
            f"simulate: {name} has no value for level {listed(lacking[factor])} of {factor!r} "
            f"(it has {listed(value)}). Every run needs one. Add the level to the truth."
        )
    return complete[0]


def _check_law(law: Law, truth: Truth) -> None:
    if "loss" not in law.responses:
        raise ModelError(
            f"simulate: {law.name} describes {' or '.join(law.responses)}, and the scatter here is "
            "that of a loss. Simulate with a law of the loss, such as bs.laws.Chinchilla."
        )
    unknown = [name for name in truth if name not in law.priors]
    if unknown:
        raise ModelError(
            f"simulate: the truth gives {listed(unknown)}, which {law.name} does not have, so it "
            f"would change nothing. Parameters: {', '.join(law.priors)}. Drop or rename it."
        )


def _check_noise(noise_sd: float, noise_df: float | None) -> None:
    if not 0 <= noise_sd < math.inf:
        raise ModelError(
            f"simulate: noise_sd is {noise_sd!r}. It is the scale of the scatter of log loss. "
            "Give a number of at least 0, such as 0.005 for half a percent."
        )
    if noise_df is not None and not noise_df > 0:
        raise ModelError(
            f"simulate: noise_df is {noise_df!r}. Degrees of freedom are positive: small ones "
            "make outliers. Give a number such as 4.0, or None for normal scatter."
        )


def _check_expected(law: Law, expected: npt.NDArray[np.float64], design: pd.DataFrame) -> None:
    bad = ~(np.isfinite(expected) & (expected > 0))
    if bad.any():
        raise ModelError(
            f"simulate: with this truth {law.name} gives {listed(expected[bad].round(4))} in "
            f"{rows(design.index[bad])}. Runs scatter about the logarithm of the loss, which is "
            "then not defined. Check the truth and its units."
        )


def _standard(
    noise_df: float | None, size: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    if noise_df is None or math.isinf(noise_df):
        return rng.standard_normal(size)
    return rng.standard_t(noise_df, size)
