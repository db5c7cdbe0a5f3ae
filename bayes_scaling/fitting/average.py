"""FitAverage: several fits of the same runs as one mixture, each with a weight.

Owns the weights and what a reader must know of them. Where they come from is decided in
:mod:`bayes_scaling.comparison`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import Any, NoReturn

import numpy as np

from bayes_scaling.display.html import html_table
from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import ModelError
from bayes_scaling.fitting.diagnostics import Diagnostics, worst_of
from bayes_scaling.fitting.same_runs import check_same_runs, same_table
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.runs import Runs

SUM = 1e-6
"""Largest distance of the sum of weights from one."""


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
        """Sampling of the heaviest fit; the mixture has as many draws."""
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
            "question needs one. forecast, allocate, assess, cite and report take averages; ask it "
            f"of one of the fits: average.fits[{self.heaviest!r}]."
        )

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Convergence, worst over the fits."""
        return worst_of([fit.diagnostics for fit in self.fits.values()])

    @property
    def description(self) -> str:
        """The fits with their weights: ``"'chinchilla' 0.72, 'kaplan' 0.28"``."""
        return ", ".join(f"{name!r} {weight:.2f}" for name, weight in self.weights.items())

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the reader: weights, what was left out, and the notes of the fits."""
        return (*self.weighing, *_shared_notes(self.fits))

    @property
    def weighing(self) -> tuple[str, ...]:
        """Origin of the weights, fits left out, and what to know of the weights."""
        number = counted(len(self.fits), "fit")
        head = f"A mixture of {number}, weights {self.source}: {self.description}."
        if len(self.fits) == 1:
            head = f"One fit has all the weight, {self.source}: {self.heaviest!r}."
        out = [f"{name!r} ({weight:.2f} of the weight)" for name, weight in self.left_out.items()]
        gone = (f"Left out, for they cannot answer: {', '.join(out)}.",) if out else ()
        return (head, *gone, *self.remarks)

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
"""A fit or an average: forecasts and allocations are made from either."""


@dataclass(frozen=True, eq=False)
class Part:
    """One of the fits that something rests on: its name, itself, its share."""

    name: str
    fit: ScalingFit
    weight: float


def check_is_fit(fit: object, asker: str) -> None:
    """Refuse what is no fit, such as its path or its runs.

    Raises
    ------
    ModelError
        It is neither a fit to runs nor an average of such fits.
    """
    if not isinstance(fit, ScalingFit | FitAverage):
        raise ModelError(
            f"{asker}: fit is of type {type(fit).__name__}, and only a fit can be asked. Give what "
            "bs.fit or bs.average returns; a saved one is read with bs.load_fit(path)."
        )


def parts(fitted: Fitted) -> tuple[Part, ...]:
    """The fits of a mixture, the heaviest first; a single fit is one with all the weight."""
    if isinstance(fitted, ScalingFit):
        return (Part(fitted.model.law.name, fitted, 1.0),)
    return tuple(Part(name, fitted.fits[name], share) for name, share in fitted.weights.items())


def leading(fitted: Fitted) -> ScalingFit:
    """The fit by which a mixture is drawn and grouped: the first of :func:`widest_first`."""
    return widest_first(fitted)[0]


def widest_first(fitted: Fitted) -> list[ScalingFit]:
    """The fits by how many factors and inputs they read, of equally many the heaviest first."""

    def reads(fit: ScalingFit) -> tuple[int, int]:
        return len(fit.model.factors), len(fit.model.law.inputs)

    return sorted((part.fit for part in parts(fitted)), key=reads, reverse=True)


def made_from(used: Fitted, fitted: Fitted) -> bool:
    """True if a result rests on a fit, told by what both hold: model, runs and draws.

    Of an average, fits that cannot answer may be left out.
    """
    if used is fitted:
        return True
    theirs, ours = parts(used), {part.name: part for part in parts(fitted)}
    if type(used) is not type(fitted) or any(part.name not in ours for part in theirs):
        return False
    kept = sum(ours[part.name].weight for part in theirs)
    return all(
        _same_fit(part.fit, ours[part.name].fit)
        and np.isclose(part.weight * kept, ours[part.name].weight)
        for part in theirs
    )


def _same_fit(one: ScalingFit, other: ScalingFit) -> bool:
    return one is other or (
        one.model == other.model
        and same_table(one.runs, other.runs)
        and one.posterior.equals(other.posterior)
    )


def single(fitted: Fitted) -> ScalingFit:
    """The fit, of what may be an average, for what needs one law.

    Raises
    ------
    ModelError
        It is an average.
    """
    return fitted if isinstance(fitted, ScalingFit) else fitted.model


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
    values = {name: _number(name, weights[name]) for name in known}
    total = sum(values.values())
    if any(not value >= 0 for value in values.values()) or not abs(total - 1) <= SUM:
        raise ModelError(
            f"average: weights {values} add up to {total:.6g}, and the weights of a mixture are "
            "shares of one, none negative. Divide them by their sum."
        )
    return values


def _number(name: str, weight: Any) -> float:
    try:
        return float(weight)
    except (TypeError, ValueError) as error:
        raise ModelError(
            f"average: the weight of {name!r} is {weight!r}, which is not a number, and each fit "
            "has a share of the draws. Give numbers that add up to one, such as 0.7 and 0.3."
        ) from error


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
