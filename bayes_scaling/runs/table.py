"""Runs: the table of training runs that everything else is fitted to.

Owns the frozen, validated table, the reference scales of its columns and its subsets. Which column
plays which part is settled in `columns`, what cells may hold in `checks`, what a reader must
know in `notes`. Knows nothing of laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import wraps
from inspect import signature
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import RunsError
from bayes_scaling.frozen import FrozenMapping
from bayes_scaling.runs.cells import Response
from bayes_scaling.runs.checks import checked_table
from bayes_scaling.runs.intake import from_frame
from bayes_scaling.runs.notes import table_notes
from bayes_scaling.runs.overview import Overview
from bayes_scaling.runs.parts import Parts
from bayes_scaling.runs.scales import checked_scales, reference_scales
from bayes_scaling.runs.selecting import Mask, rows_up_to, rows_where
from bayes_scaling.runs.sources.curves import from_curves
from bayes_scaling.runs.sources.mlflow import from_mlflow
from bayes_scaling.runs.sources.wandb import from_wandb, from_wandb_export


def _made_by[**Given](read: Callable[Given, Parts]) -> Callable[Given, Runs]:
    """Wrap a reader of parts as one of runs, with its signature and docstring."""

    @wraps(read)
    def made(*args: Given.args, **options: Given.kwargs) -> Runs:
        return Runs(**vars(read(*args, **options)))

    made.__signature__ = signature(read).replace(return_annotation="Runs")  # type: ignore[attr-defined]
    return made


class _OwnFrame:
    """A data frame that is copied on the way in and on the way out, so nobody can change it."""

    def __get__(self, runs: Runs | None, owner: type[Runs]) -> pd.DataFrame:
        if runs is None:
            raise AttributeError("table")  # how a dataclass is told: there is no default
        frame: pd.DataFrame = runs.__dict__["table"]
        return frame.copy()

    def __set__(self, runs: Runs, frame: pd.DataFrame) -> None:
        runs.__dict__["table"] = frame


@dataclass(frozen=True, eq=False, repr=False)
class Runs:
    """Training runs: their inputs, their losses, the groups they belong to.

    Made with `read_runs` or one of `Runs.from_frame`, `Runs.from_curves`, `Runs.from_mlflow`,
    `Runs.from_wandb` and `Runs.from_wandb_export`. Never changes: the table is handed out as a
    copy, arrays are read-only, and every method returns a new object.

    Parameters
    ----------
    table
        One row per run, indexed by its name, with the standard columns `params` and `tokens`
        (counts), `flops` (FLOP), further inputs, `loss`, the factors, then whatever else the
        source had.
    inputs
        The numeric, positive columns that laws may read.
    factors
        The grouping columns, as text.
    response
        What `loss` holds: a "loss" (positive, nats per token unless the user says otherwise), an
        "accuracy" (within [0, 1]) or a "metric" (any finite number).
    reference
        Scales by which inputs and loss are divided before a law sees them. Those left out are the
        geometric mean of an input, the 5 % quantile of a loss, 1.0 for an accuracy. A metric has
        1.0 too if nine tenths of its values are at most 0.1 to 1 in size, else that size, since
        laws expect it to be of the order of one. Those given count as set by hand, and subsets
        keep them.
    left_out
        Names of the rows that `missing="drop"` left out of the source.
    sources
        Where standard columns come from, where their name does not say it, and what they count
        where the name says so: with or without embeddings, 6ND or with attention, bits per byte.
    remarks
        What the source could not give or left out, as sentences. Subsets keep them.
    urls
        Web pages of runs by their names, of those left out too: reports link to them.

    Raises
    ------
    RunsError
        The table cannot be used; the message names the column and the rows.

    Examples
    --------
    >>> frame = pd.DataFrame({"N": [1e8, 1e9], "D": [2e9, 2e10], "loss": [3.5, 2.9]})
    >>> Runs.from_frame(frame)
    Runs: 2 runs, 1 note
      params  100M-1B        column 'N'
      tokens  2B-20B         column 'D'
      flops   1.2e18-1.2e20  6 x params x tokens
      loss    2.9-3.5
      note: Every run has 20 tokens per parameter: what each adds to the loss is not learnt …
    """

    table: _OwnFrame = _OwnFrame()
    inputs: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    response: Response = "loss"
    reference: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    _by_hand: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Validate; every object is made here."""
        given = self.__dict__["table"]
        table = checked_table(given, self.inputs, self.factors, self.response, self.sources)
        by_hand = checked_scales(self.reference, (*self.inputs, "loss"))
        settled = {
            "table": table,
            "inputs": tuple(self.inputs),
            "factors": tuple(self.factors),
            "left_out": tuple(self.left_out),
            "sources": FrozenMapping(self.sources),
            "remarks": tuple(self.remarks),
            "urls": FrozenMapping(self.urls),
            "reference": FrozenMapping(
                reference_scales(table, self.inputs, self.response) | by_hand
            ),
            "_by_hand": frozenset(by_hand),
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    from_frame = staticmethod(_made_by(from_frame))
    from_curves = staticmethod(_made_by(from_curves))
    from_mlflow = staticmethod(_made_by(from_mlflow))
    from_wandb = staticmethod(_made_by(from_wandb))
    from_wandb_export = staticmethod(_made_by(from_wandb_export))

    @property
    def dropped(self) -> int:
        """Number of rows of the source that `missing="drop"` left out."""
        return len(self.left_out)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes, with their evidence, to be read before any result of these runs."""
        table, source = self.__dict__["table"], self.sources.get("loss", "")
        found = table_notes(table, self.inputs, self.factors, self.left_out, self.response, source)
        return (*self.remarks, *found)

    @property
    def scales_by_hand(self) -> dict[str, float]:
        """The reference scales that were set by hand, which subsets keep."""
        return {name: self.reference[name] for name in sorted(self._by_hand)}

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.__dict__["table"])

    def values(self, name: str) -> npt.NDArray[np.float64]:
        """Return an input, or "loss", as a read-only array over runs, in the units of the table.

        Raises
        ------
        RunsError
            `name` is neither an input of these runs nor "loss".
        """
        self._check_is_one(name, "input", (*self.inputs, "loss"))
        values = np.array(self.__dict__["table"][name], dtype=np.float64)
        values.flags.writeable = False
        return values

    def levels(self, factor: str) -> tuple[str, ...]:
        """Return the levels of a factor that occur in these runs, sorted as text.

        Raises
        ------
        RunsError
            These runs have no such factor.
        """
        self._check_is_one(factor, "factor", self.factors)
        return tuple(sorted(self.__dict__["table"][factor].unique()))

    def codes(self, factor: str) -> npt.NDArray[np.int64]:
        """Return, for each run, the position of its level in `levels(factor)`, read-only.

        Raises
        ------
        RunsError
            These runs have no such factor.
        """
        position = {level: code for code, level in enumerate(self.levels(factor))}
        labels = self.__dict__["table"][factor]
        codes = np.array([position[label] for label in labels], dtype=np.int64)
        codes.flags.writeable = False
        return codes

    def where(self, mask: Mask = None, /, **columns: object) -> Self:
        """Return the runs that fulfil every condition, with scales and levels of their own.

        Parameters
        ----------
        mask
            A boolean array or Series over runs, or a function of the table that returns one.
        **columns
            A value, or a list of values, of any column of the table or of `run`.

        Raises
        ------
        RunsError
            There is no such column or value, the mask does not fit, or no run is left.

        Examples
        --------
        >>> frame = pd.DataFrame({"N": [1e8, 1e9], "loss": [3.5, 2.9], "corpus": ["c4", "pile"]})
        >>> runs = Runs.from_frame(frame, factors=["corpus"])
        >>> len(runs.where(corpus="c4")), len(runs.where(lambda table: table["loss"] < 4))
        (1, 2)
        """
        return self._subset(rows_where(self.__dict__["table"], mask, columns, self.factors))

    def split(self, *, train_up_to_flops: float) -> tuple[Self, Self]:
        """Return the runs up to a compute budget and the runs above it.

        Parameters
        ----------
        train_up_to_flops
            The largest training compute of the first part, in FLOP.

        Raises
        ------
        RunsError
            The runs have no compute column, or one of the two parts would be empty.
        """
        train = rows_up_to(self.__dict__["table"], self.inputs, train_up_to_flops)
        return self._subset(train), self._subset(~train)

    def with_reference(self, **scales: float) -> Self:
        """Return the runs with some reference scales set by hand; subsets keep these.

        Raises
        ------
        RunsError
            A name is neither an input nor "loss", or a scale is not positive and finite.

        Examples
        --------
        >>> runs = Runs.from_frame(pd.DataFrame({"N": [1e8, 1e10], "loss": [2.5, 2.5]}))
        >>> dict(runs.with_reference(params=1.0).reference)
        {'params': 1.0, 'loss': 2.5}
        """
        return replace(self, reference=self.scales_by_hand | scales)

    def __repr__(self) -> str:
        """Return a few lines: how many runs, and the range of every column in use."""
        return self.overview.text

    def _repr_html_(self) -> str:
        return self.overview.html

    @property
    def overview(self) -> Overview:
        """The table at a glance, as text and as HTML."""
        parts = {part.name: getattr(self, part.name) for part in fields(Parts)}
        return Overview(**parts, notes=self.notes)

    def _subset(self, keep: npt.NDArray[np.bool]) -> Self:
        return replace(self, table=self.table.loc[keep], reference=self.scales_by_hand)

    def _check_is_one(self, name: str, what: str, known: tuple[str, ...]) -> None:
        if name not in known:
            raise RunsError(
                f"Runs: these runs have no {what} {name!r}. Only columns that were declared can be "
                f"asked for. Ask for one of {listed(known, 20)}, or name it in {what}s= when the "
                f"runs are read."
            )
