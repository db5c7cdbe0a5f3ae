"""The surface: a law with a Gaussian process for what it leaves out, and its way beyond the runs.

    expected loss = E + R(x) exp(delta(u, v))

`R` is the law's reducible loss, ``u`` the log10 of compute (of the law's first input where it
knows no compute) and ``v`` that of tokens per parameter. ``delta`` is the sum of a function of v
alone, which holds at any compute, and of a function of u and v, which fades beyond the runs. Both
have their values at nodes that are placed by the range of the runs, so that the structure of the
model is the same for all runs. Beyond the largest run, the decline of `R` that the law foresees is
multiplied by ``exp(miss * reach / (reach + span))``, `reach` decades beyond runs that span `span`
decades: no run is below the floor, and but for what is left of `delta` there, a run larger on the
same path is never worse. Owns kernels, nodes and names; the model and the posterior put them
together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayes_scaling.display.html import AsCode
from bayes_scaling.errors import ModelError
from bayes_scaling.laws import Law
from bayes_scaling.model.axes import compute_and_ratio
from bayes_scaling.model.inputs import input_values
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs

COMPUTE_LENGTH = 1.0
"""Decades of compute over which `delta` changes."""

RATIO_LENGTH = 0.6
"""Decades of tokens per parameter over which `delta` changes; 0.25 and 0.35 forecast new runs of
public sweeps worse, and 0.8 no better."""

COMPUTE_NODES, RATIO_NODES, SHAPE_NODES = 5, 4, 6

SHAPE_SHARE = 0.5
"""Share of the variance of `delta` that is a function of tokens per parameter alone."""

LEAST_DEPTH = 0.3
"""Decades below the largest run that the nodes span at the least."""

INNER_MASS = 0.96
"""Share of the runs, by tokens per parameter, among which the nodes lie."""

JITTER = 1e-6
"""Added to the variance at each node, so that the factor of their covariance exists."""

AMPLITUDE = Prior.log_normal(np.log(0.01), 1.0)
"""Size of `delta`: 90 % within 0.2 % and 5 % of the reducible loss."""

MISS_MEAN = 0.15
"""Mean of `miss`: on public sweeps losses fell faster beyond the runs than laws said."""

MISS_SD = Prior.between(0.056, 0.18)
"""Size of `miss` where the law leaves out nothing inside the runs."""

CURVE_MISS_MEAN = 0.0
"""The same for a law of one input: learning curves bend either way."""

CURVE_MISS_SD = Prior.between(0.45, 1.4)
"""The same for a law of one input, whose runs may be of any kind."""

MISS_OF_DELTA = 2.0
"""By how much it grows with the size of `delta`: a law that is off inside its runs is more so
beyond them. All of these were learned from public sweeps (``tests/benchmarks/learn_miss.py``)."""

SIZE, WEIGHTS, MISS, MISS_SIZE = "delta_sd", "delta_z", "miss", "miss_sd"
"""Posterior names: size of `delta`, its standard normal weights at the nodes, `miss`, its size."""

NODE, DIRECTION = "node", "direction"


@dataclass(frozen=True)
class Surface(AsCode):
    """Prior of what a law leaves out, inside the runs and beyond them.

    Parameters
    ----------
    amplitude : Prior
        Size of `delta`, ``delta_sd``, in log reducible loss.
    miss_sd : Prior, optional
        Standard deviation of `miss`, by whose exponential the law's decline far beyond the largest
        run is multiplied, where `delta` is nothing: 0.1 means that the reducible loss typically
        falls a tenth faster or slower than the law says. Where the law leaves out more inside the
        runs, `miss` is larger: its variance is ``miss_sd**2 + (2 delta_sd)**2``. What public
        sweeps have taught if not given: 0.06 to 0.18 for a law of size and data, 0.45 to 1.4 for a
        law of one input.
    miss_mean : float, optional
        Mean of `miss`; if not given, 0.15 for a law of size and data and 0 for one of one input.

    Examples
    --------
    >>> Surface(miss_sd=Prior.between(0.05, 0.2)).miss_sd
    Prior.between(0.05, 0.2)
    """

    amplitude: Prior = AMPLITUDE
    miss_sd: Prior | None = None
    miss_mean: float | None = None

    def __post_init__(self) -> None:
        for name in ("amplitude", "miss_sd"):
            prior = getattr(self, name)
            if prior is None:
                continue
            if prior.support != "positive" and not (prior.fixed and prior.numbers[0] > 0):
                raise ModelError(
                    f"Surface: {name}={prior!r} allows sizes that are not positive, and a standard "
                    "deviation is. Give Prior.between(0.01, 0.1), or surface=None for the law "
                    "alone."
                )

    def miss(self, law: Law) -> tuple[float, Prior]:
        """Mean of `miss` and prior of its size, for a law."""
        of_both = bool(compute_and_ratio(law)[1])
        mean, size = (MISS_MEAN, MISS_SD) if of_both else (CURVE_MISS_MEAN, CURVE_MISS_SD)
        return (mean if self.miss_mean is None else self.miss_mean), self.miss_sd or size


def miss_spread(size: Any, delta: Any) -> Any:
    """Standard deviation of `miss` in each draw, from ``miss_sd`` and ``delta_sd``."""
    return (size**2 + (MISS_OF_DELTA * delta) ** 2) ** 0.5


def node_count(law: Law) -> int:
    """Number of nodes at which `delta` has its values."""
    if not compute_and_ratio(law)[1]:
        return COMPUTE_NODES
    return SHAPE_NODES + COMPUTE_NODES * RATIO_NODES


@dataclass(frozen=True, eq=False)
class Nodes:
    """Places along one axis at which a function has its values, and its covariance there."""

    at: np.ndarray
    length: float

    @cached_property
    def factor(self) -> np.ndarray:
        """Kernel coefficients of standard normal weights, dims (node, weight).

        The inverse transpose of the Cholesky factor of the covariance at the nodes.
        """
        covariance = kernel(self.at[:, None], self.at, self.length)
        lower = np.linalg.cholesky(covariance + JITTER * np.eye(len(self.at)))
        return np.asarray(np.linalg.inv(lower).T)

    def basis(self, place: np.ndarray) -> np.ndarray:
        """Basis functions whose weights are standard normal, dims (run, node)."""
        return np.asarray(kernel(place[:, None], self.at, self.length) @ self.factor)

    def kernels(self, place: Any) -> list[Any]:
        """Kernel to each node, of the shape of `place`."""
        return [kernel(place, node, self.length) for node in self.at]


def kernel(place: Any, node: Any, length: float) -> Any:
    """Squared exponential covariance."""
    return np.exp(-0.5 * ((place - node) / length) ** 2)


def kernel_sum(kernels: Sequence[Any], coefficients: Sequence[Any]) -> Any:
    """Value of a function at places, from the kernels to its nodes and their coefficients."""
    return sum(k * c for k, c in zip(kernels, coefficients, strict=True))


@dataclass(frozen=True, eq=False)
class Placement:
    """Places of the nodes among the runs.

    Attributes
    ----------
    top, centre : float
        Log10 of the largest run, along compute, and the mean log10 of tokens per parameter.
    compute : Nodes
        Below the top.
    ratio, shape : Nodes or None
        About the centre, of the function of both and of that of tokens per parameter alone; None
        for a law without tokens per parameter.
    """

    top: float
    centre: float
    compute: Nodes
    ratio: Nodes | None = None
    shape: Nodes | None = None

    @property
    def span(self) -> float:
        """Decades of compute that the runs span, at least :data:`LEAST_DEPTH`."""
        return -float(self.compute.at[0])

    @classmethod
    def of(cls, law: Law, runs: Runs) -> Placement:
        """The nodes for these runs."""
        u, v = run_places(law, runs)
        top = float(u.max())
        depth = min(float(u.min()) - top, -LEAST_DEPTH)
        compute = Nodes(np.linspace(depth, 0.0, COMPUTE_NODES), COMPUTE_LENGTH)
        if v is None:
            return cls(top, 0.0, compute)
        centre = float(v.mean())
        low, high = np.quantile(v - centre, [(1 - INNER_MASS) / 2, (1 + INNER_MASS) / 2])
        ratio, shape = (
            Nodes(np.linspace(low, max(high, low + 1e-3), count), RATIO_LENGTH)
            for count in (RATIO_NODES, SHAPE_NODES)
        )
        return cls(top, centre, compute, ratio, shape)

    def basis(self, u: np.ndarray, v: np.ndarray | None) -> np.ndarray:
        """Basis functions of `delta`, dims (run, node)."""
        along = self.compute.basis(u - self.top)
        if v is None or self.ratio is None or self.shape is None:
            return along
        across = self.ratio.basis(v - self.centre)
        both = (along[:, :, None] * across[:, None, :]).reshape(len(u), -1)
        alone = self.shape.basis(v - self.centre)
        return np.hstack([SHAPE_SHARE**0.5 * alone, (1 - SHAPE_SHARE) ** 0.5 * both])

    def coefficients(self, z: Any) -> tuple[Any, Any]:
        """Kernel coefficients of weights with a last dim of nodes, this dim first.

        Returns
        -------
        of_both, alone : numpy.ndarray
            At pairs of nodes, compute by tokens per parameter; and at the nodes of the function of
            the latter alone, none for a law without it.
        """
        if self.ratio is None or self.shape is None:
            of_compute = np.einsum("ik,...k->i...", self.compute.factor, z)
            return of_compute[:, None], np.empty((0, *z.shape[:-1]))
        alone, both = np.split(z, [SHAPE_NODES], axis=-1)
        grid = both.reshape(*both.shape[:-1], COMPUTE_NODES, RATIO_NODES)
        factors = self.compute.factor, self.ratio.factor
        of_both = np.einsum("ik,jl,...kl->ij...", *factors, grid) * (1 - SHAPE_SHARE) ** 0.5
        return of_both, np.einsum("ik,...k->i...", self.shape.factor, alone) * SHAPE_SHARE**0.5


def run_places(law: Law, runs: Runs) -> tuple[np.ndarray, np.ndarray | None]:
    """Log10 of compute and of tokens per parameter of the runs, dims (run,)."""
    u, v = place(law, {name: input_values(runs, name) for name in law.inputs})
    return np.asarray(u), None if v is None else np.asarray(v)


def place(law: Law, inputs: Mapping[str, Any]) -> tuple[Any, Any]:
    """Log10 of compute and of tokens per parameter; the latter None where a law has none.

    Parameters
    ----------
    inputs : mapping of str to array
        Each input of the law, in its own unit.
    """
    along, across = compute_and_ratio(law)
    log = {name: np.log10(inputs[name]) for name in {*along, *across}}
    u = sum((log[name] for name in along[1:]), start=log[along[0]])
    if len(across) < 2:
        return u, log[across[0]] if across else None
    return u, log[across[0]] - log[across[1]]


TYPICAL_FLOOR = 0.7
"""Share of the lowest losses that a floor typically is."""

LEAST_REDUCIBLE = 0.1
"""Least share of a loss that is taken to be reducible, where runs come near to a typical floor."""


@dataclass(frozen=True, eq=False)
class Rotation:
    """Directions of `delta`, by how much the runs say of each, in which it is sampled.

    Attributes
    ----------
    basis : numpy.ndarray, dims (run, direction)
    turn : numpy.ndarray, dims (node, direction)
        Takes weights of directions to weights of nodes.
    strength : numpy.ndarray, dims (direction,)
        Change of the runs' log losses with one unit of the direction, summed over them by squares.
    shown : numpy.ndarray, dims (direction, run)
        What log reducible losses show of each direction, times `strength`.
    """

    basis: np.ndarray
    turn: np.ndarray
    strength: np.ndarray
    shown: np.ndarray

    @classmethod
    def of(cls, law: Law, runs: Runs) -> Rotation:
        """The directions of these runs."""
        basis = Placement.of(law, runs).basis(*run_places(law, runs))
        losses = runs.values("loss") / runs.reference["loss"]
        reducible = np.clip(1 - TYPICAL_FLOOR / losses, LEAST_REDUCIBLE, 1.0)[:, None]
        # Rows of zeros for runs that are fewer than the directions, of which none has a strength.
        count = basis.shape[1]
        rows = np.vstack([reducible * basis, np.zeros((count, count))])
        left, strength, right = np.linalg.svd(rows, full_matrices=False)
        shown = (left[: len(losses)] * reducible).T
        return cls(basis @ right.T, right.T, strength, shown)
