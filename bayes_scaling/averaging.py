"""FitAverage: several fits of the same runs as one mixture, each with a weight.

Owns the weights, what a reader must know of them, and how draws of the fits become draws of the
mixture. Where weights come from is decided in :mod:`bayes_scaling.comparison`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import NoReturn

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling._diagnostics import Diagnostics
from bayes_scaling._display import html_table
from bayes_scaling._wording import counted, listed
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.fitting import ScalingFit
from bayes_scaling.hierarchy import NewLevels
from bayes_scaling.points import Numbers, asked_table, points
from bayes_scaling.runs import Runs
from bayes_scaling.sampling import Settings

SUM = 1e-6
"""How far weights may be from adding up to one."""


@dataclass(frozen=True, repr=False, eq=False)
class FitAverage:
    """Fits of the same runs, mixed: which of them is right is as uncertain as the weights say.

    Made by :func:`bayes_scaling.average`. A draw of the mixture is a draw of one fit, the same at
    all points, and each fit has the share of draws that its weight says.

    Attributes
    ----------
    fits : mapping of str to ScalingFit
        Those with a weight, the heaviest first.
    weights : mapping of str to float
        They add up to one.
    source : str
        Where the weights come from, such as ``"stacked by future score"``.
    remarks : tuple of str
        What a reader must know of the weights.
    left_out : mapping of str to float
        Fits that cannot answer what is asked, with the weight they had.
    """

    fits: Mapping[str, ScalingFit]
    weights: Mapping[str, float]
    source: str = "given"
    remarks: tuple[str, ...] = ()
    left_out: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = checked_weights(self.fits, self.weights)
        check_same_runs(self.fits, "average")
        order = sorted((name for name in weights if weights[name] > 0), key=lambda n: -weights[n])
        object.__setattr__(self, "fits", {name: self.fits[name] for name in order})
        object.__setattr__(self, "weights", {name: weights[name] for name in order})

    @property
    def heaviest(self) -> str:
        """Name of the fit with the largest weight."""
        return next(iter(self.weights))

    @property
    def runs(self) -> Runs:
        """The runs, which are those of every fit; as the heaviest has them."""
        return self.fits[self.heaviest].runs

    @property
    def settings(self) -> Settings:
        """How the heaviest fit was sampled; the mixture has as many draws."""
        return self.fits[self.heaviest].settings

    @property
    def model(self) -> NoReturn:
        """There is none.

        Raises
        ------
        ModelError
            Always: what needs a single law has to be asked of one of the fits.
        """
        raise ModelError(
            f"An average of {counted(len(self.fits), 'fit')} has no law of its own, and this "
            "question needs one. forecast, allocate, assess and cite take averages; ask it of one "
            f"of the fits: average.fits[{self.heaviest!r}]."
        )

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Convergence, worst over the fits."""
        return _worst([fit.diagnostics for fit in self.fits.values()])

    @property
    def diagnosis_beyond(self) -> str:
        """``"ok"``, or what is wrong with a posterior that forecasts beyond the runs rest on."""
        if self.diagnostics.problems:
            return self.diagnostics.diagnosis
        found = (fit.diagnosis_beyond for fit in self.fits.values())
        return next((diagnosis for diagnosis in found if diagnosis != "ok"), "ok")

    @property
    def description(self) -> str:
        """The fits with their weights: ``"'chinchilla' 0.72, 'kaplan' 0.28"``."""
        return ", ".join(f"{name!r} {weight:.2f}" for name, weight in self.weights.items())

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: weights, what was left out, and the notes of the fits."""
        number = counted(len(self.fits), "fit")
        head = f"A mixture of {number}, weights {self.source}: {self.description}."
        out = [f"{name!r} ({weight:.2f} of the weight)" for name, weight in self.left_out.items()]
        gone = (f"Left out, for they cannot answer: {', '.join(out)}.",) if out else ()
        return (head, *gone, *self.remarks, *_shared_notes(self.fits))

    def only(self, names: Iterable[str]) -> FitAverage:
        """The average of some of the fits, which notes what was left out."""
        kept = list(names)
        total = sum(self.weights[name] for name in kept)
        out = {name: weight for name, weight in self.weights.items() if name not in kept}
        return replace(
            self,
            fits={name: self.fits[name] for name in kept},
            weights={name: self.weights[name] / total for name in kept},
            left_out={**self.left_out, **out},
        )

    def __repr__(self) -> str:
        lines = [f"FitAverage of {len(self.runs)} runs"]
        lines += [
            f"  {weight:.3f}  {name}: {self.fits[name].model!r}"
            for name, weight in self.weights.items()
        ]
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        rows = [
            (name, f"{weight:.3f}", repr(self.fits[name].model))
            for name, weight in self.weights.items()
        ]
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return html_table(("fit", "weight", "model"), rows) + f"<ul>{notes}</ul>"


type Fitted = ScalingFit | FitAverage
"""What forecasts and allocations can be made from."""


def single(fitted: Fitted) -> ScalingFit:
    """The fit, of what may be an average, for what needs one law.

    Raises
    ------
    ModelError
        It is an average.
    """
    return fitted if isinstance(fitted, ScalingFit) else fitted.model


def average_points(
    average: FitAverage,
    given: Mapping[str, Numbers | None],
    at: pd.DataFrame | None,
    new_levels: NewLevels,
) -> dict[str, xr.Dataset]:
    """The same points for each fit, with what its law reads; a factor left out is crossed."""
    table = asked_table(given, at)
    for fit in average.fits.values():
        for factor in fit.model.factors:
            if factor not in table:
                levels = pd.DataFrame({factor: list(fit.runs.levels(factor))})
                table = table.merge(levels, how="cross")
    return {
        name: points(fit.model, fit.runs, at=table, new_levels=new_levels)
        for name, fit in average.fits.items()
    }


def mixture(average: FitAverage, draws: Mapping[str, xr.Dataset], seed: int) -> xr.Dataset:
    """Draws of the mixture from draws of each fit.

    Parameters
    ----------
    average : FitAverage
    draws : mapping of str to xarray.Dataset, dims (chain, draw, ...)
        Of each fit, at the same points. Variables that not all of them have are dropped.
    seed : int

    Returns
    -------
    xarray.Dataset
        With the chains and draws of the heaviest fit; all coordinates that any fit has.
    """
    like = draws[average.heaviest]
    names = [name for name in like.data_vars if all(name in part for part in draws.values())]
    sizes = like.sizes["chain"], like.sizes["draw"]
    chosen = xr.DataArray(
        components(list(average.weights.values()), sizes, np.random.default_rng([seed, 2])),
        dims=("chain", "draw"),
    )
    coords: dict[str, xr.DataArray] = {}
    for part in draws.values():
        coords |= {str(name): values for name, values in part.coords.items() if name not in coords}
    mixed = like[names].reset_coords(drop=True).drop_vars(["chain", "draw"])
    for number, name in enumerate(average.weights):
        part = draws[name][names].reset_coords(drop=True)
        mixed = mixed.where(chosen != number, _spread(part, sizes))
    kept = {name: values for name, values in coords.items() if name not in ("chain", "draw")}
    own = {"chain": like["chain"], "draw": like["draw"]}
    mixed = mixed.transpose("chain", "draw", ...)
    return mixed.assign_coords({**own, **{n: values.variable for n, values in kept.items()}})


def components(
    weights: list[float], sizes: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Which fit each draw is of, dims (chain, draw): in every chain in proportion to the weights.

    Shuffled, so that no stretch of a chain is of one fit and its diagnostics stay those of draws.
    """
    chains, count = sizes
    even = (np.arange(count) + 0.5) / count
    places = np.stack([rng.permutation(even) for _ in range(chains)])
    chosen = np.searchsorted(np.cumsum(weights), places)
    return np.asarray(chosen.clip(max=len(weights) - 1))


def checked_weights(names: Iterable[str], weights: Mapping[str, float]) -> dict[str, float]:
    """The weights as floats.

    Raises
    ------
    ModelError
        A fit without a weight, a weight without a fit, or weights that are no shares.
    """
    known = list(names)
    if set(known) != set(weights):
        raise ModelError(
            f"average: the fits are {listed(known)} and the weights are of {listed(weights)}, so "
            "not every fit has one weight. Give a weight for each fit, 0 to leave it out."
        )
    values = {name: float(weights[name]) for name in known}
    total = sum(values.values())
    if any(not value >= 0 for value in values.values()) or not abs(total - 1) <= SUM:
        raise ModelError(
            f"average: weights {values} add up to {total:.6g}, and the weights of a mixture are "
            "shares of one, none negative. Divide them by their sum."
        )
    return values


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
        difference = _difference(one.runs, other.runs)
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


def _difference(one: Runs, other: Runs) -> str:
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


def _worst(found: list[Diagnostics]) -> Diagnostics:
    return Diagnostics(
        r_hat=float(np.max([one.r_hat for one in found])),
        ess_bulk=float(np.min([one.ess_bulk for one in found])),
        ess_tail=float(np.min([one.ess_tail for one in found])),
        divergent=float(np.max([one.divergent for one in found])),
    )


def _shared_notes(fits: Mapping[str, ScalingFit]) -> list[str]:
    """Notes of the fits; those that not all have are said of the fits that have them."""
    by_note: dict[str, list[str]] = {}
    for name, fit in fits.items():
        for note in fit.notes:
            by_note.setdefault(note, []).append(name)
    return [
        note if len(names) == len(fits) else f"{', '.join(names)}: {note}"
        for note, names in by_note.items()
    ]


def _spread(draws: xr.Dataset, sizes: tuple[int, int]) -> xr.Dataset:
    """As many chains and draws as asked, evenly taken, without their numbers."""
    own = draws.sizes["chain"], draws.sizes["draw"]
    unnumbered = draws.drop_vars(["chain", "draw"], errors="ignore")
    if own == sizes:
        return unnumbered
    total = sizes[0] * sizes[1]
    taken = np.arange(total) * (own[0] * own[1]) // total
    chain, draw = (
        xr.DataArray(part.reshape(sizes), dims=("chain", "draw")) for part in divmod(taken, own[1])
    )
    return unnumbered.isel(chain=chain, draw=draw)
