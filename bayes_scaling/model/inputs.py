"""Inputs of a law, taken from runs: columns as they are, ratios of columns, and their scales."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np

from bayes_scaling.laws import Law
from bayes_scaling.model.replicates import earlier_replicates
from bayes_scaling.noise import Noise
from bayes_scaling.noise.location_scale import EARLIER_MEAN, EARLIER_RUNS
from bayes_scaling.runs import Runs
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN, compute

RATIOS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"tokens_per_param": ("tokens", "params"), "epochs": ("tokens", "unique_tokens")}
)
"""Inputs that follow from two others, as their quotient."""


def available_inputs(runs: Runs) -> tuple[str, ...]:
    """Names of all inputs that these runs can give a law."""
    ratios = [name for name, parts in RATIOS.items() if set(parts) <= set(runs.inputs)]
    return tuple(dict.fromkeys((*runs.inputs, *ratios)))


def input_values(runs: Runs, name: str) -> np.ndarray:
    """Values of one input, in its own unit, dims (run,); compute is 6ND where runs give none."""
    if name in runs.inputs:
        return runs.values(name)
    if name == "flops":
        return np.asarray(compute(runs.values("params"), runs.values("tokens")))
    numerator, denominator = RATIOS[name]
    return runs.values(numerator) / runs.values(denominator)


def scales(law: Law, runs: Runs) -> dict[str, float]:
    """By what the loss and each input are divided before this law sees them."""
    names = (*law.inputs, *law.stages)
    return {"loss": runs.reference["loss"], **{n: _scale(law, runs, n) for n in names}}


def reference_inputs(law: Law, runs: Runs) -> dict[str, np.ndarray]:
    """Each input as this law sees it, dims (run,): over its scale."""
    scale = scales(law, runs)
    return {name: input_values(runs, name) / scale[name] for name in law.inputs}


def input_columns(law: Law, runs: Runs) -> dict[str, np.ndarray]:
    """Each input as this law sees it, dims (run,), and its logarithm."""
    shares = reference_inputs(law, runs)
    logarithms = {f"{name}_log": np.log(values) for name, values in shares.items()}
    return {f"{name}_ref": values for name, values in shares.items()} | logarithms


def response_columns(name: str, shares: np.ndarray, noise: Noise) -> dict[str, np.ndarray]:
    """A response as shares of its reference, dims (run,), and on the scale it scatters on."""
    return {f"{name}_ref": shares, f"{name}_scaled": noise.on_scale(shares)}


def noise_columns(noise: Noise, runs: Runs) -> dict[str, np.ndarray]:
    """Columns that the noise reads, dims (run,), divided by their scale where it wants that."""
    return {
        name: noise_values(noise, runs, name, runs.reference["loss"])
        / noise_scale(noise, runs, name)
        for name in noise.columns
    }


def noise_values(noise: Noise, runs: Runs, name: str, response_unit: float = 1.0) -> np.ndarray:
    """Values of one column that the noise reads, in its own unit, dims (run,)."""
    if name in (EARLIER_RUNS, EARLIER_MEAN):
        return earlier_replicates(noise, runs, response_unit)[name].to_numpy()
    return input_values(runs, name)


def noise_scale(noise: Noise, runs: Runs, name: str) -> float:
    """By what a column of the noise is divided."""
    unscaled = (*noise.unscaled, EARLIER_RUNS, EARLIER_MEAN)
    return 1.0 if name in unscaled else typical_value(runs, name)


def compute_ratios(runs: Runs) -> np.ndarray:
    """Compute of each run over its 6ND, dims (run,); ones where compute follows from the two."""
    if not {"params", "tokens", "flops"} <= set(runs.inputs):
        return np.ones(len(runs))
    params, tokens, flops = (runs.values(name) for name in ("params", "tokens", "flops"))
    ratios = flops / compute(params, tokens)
    # Compute that was derived differs from the product by rounding.
    return np.where(np.isclose(ratios, 1.0, rtol=1e-9), 1.0, ratios)


def flops_per_pair(runs: Runs, read: Collection[str]) -> float:
    """FLOP for one parameter and token: as these runs count them if compute is `read`, else 6.

    What was fitted to the compute in a column is to be asked for compute of the same count.
    """
    if "flops" not in read:
        return FLOPS_PER_PARAM_TOKEN
    return FLOPS_PER_PARAM_TOKEN * float(np.exp(np.log(compute_ratios(runs)).mean()))


def _scale(law: Law, runs: Runs, name: str) -> float:
    if name in law.unscaled:
        return 1.0
    return typical_value(runs, law.same_unit.get(name, name))


def typical_value(runs: Runs, name: str) -> float:
    """Reference of one input: its geometric mean, or the quotient of two; or that of the loss."""
    reference = runs.reference
    if name in reference:
        return reference[name]
    if name in RATIOS:
        numerator, denominator = RATIOS[name]
        return reference[numerator] / reference[denominator]
    # Of runs that are told by compute and tokens per parameter alone.
    ratio = reference["tokens_per_param"]
    params = float((reference["flops"] / FLOPS_PER_PARAM_TOKEN / ratio) ** 0.5)
    return {"params": params, "tokens": params * ratio}[name]
