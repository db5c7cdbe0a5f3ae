"""LawFit: summary, notes, file and print, which fits to runs and fits to loss curves share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from bayes_scaling.display.html import html_formula
from bayes_scaling.fitting.diagnostics import Diagnostics, diagnose, parameter_table
from bayes_scaling.fitting.sampling import Settings


class LawFit(ABC):
    """The posterior of a law: draws, and how well the chains have converged."""

    model: Any
    posterior: xr.Dataset
    sample_stats: xr.Dataset
    settings: Settings

    @property
    @abstractmethod
    def parameter_names(self) -> Sequence[str]:
        """Posterior names that a summary lists."""

    @abstractmethod
    def _sampled_names(self) -> Sequence[str]:
        """Posterior names by which convergence is judged."""

    @abstractmethod
    def _remarks(self) -> Sequence[str]:
        """Notes for a reader, beside those on convergence."""

    @abstractmethod
    def _heading(self) -> Sequence[str]:
        """First lines of the print: the law, the data, the draws and their diagnosis."""

    @abstractmethod
    def _write(self, path: Path, groups: Mapping[str, xr.Dataset]) -> Path:
        """Write the draws with model, data and settings."""

    @property
    def _groups(self) -> dict[str, xr.Dataset]:
        return {"posterior": self.posterior, "sample_stats": self.sample_stats}

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """Convergence of the chains, worst over all sampled variables."""
        return diagnose(self.posterior, self.sample_stats, self._sampled_names())

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader of any result of this fit, bad diagnostics first."""
        return (*self.diagnostics.notes, *self._remarks())

    def summary(self, prob: float | None = None) -> pd.DataFrame:
        """Parameters in paper units with credible intervals and diagnostics.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals, 0.9 if not given.

        Returns
        -------
        pandas.DataFrame
            Columns ``median``, ``lower``, ``upper``, ``r_hat``, ``ess_bulk``, ``ess_tail`` and
            ``diagnosis``, which is ``"ok"`` or says why the fit cannot be relied on. ``attrs``
            carry ``ci_kind``, ``ci_prob`` and ``notes``.
        """
        draws = self.posterior[list(self.parameter_names)]
        return parameter_table(draws, self.diagnostics, self.notes, prob)

    def save(self, path: str | Path) -> Path:
        """Write the fit to one netCDF file, readable by ArviZ and by ``load_fit``.

        Raises
        ------
        FitFileError
            The path cannot be written to.
        """
        return self._write(Path(path), self._groups)

    def __repr__(self) -> str:
        return "\n".join([*self._heading(), *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        head = html_formula(self.model.law.formula) + f"<pre>{escape(repr(self))}</pre>"
        return head + self.summary().to_html(float_format="{:.4g}".format)
