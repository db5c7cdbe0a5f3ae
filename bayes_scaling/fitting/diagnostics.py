"""Did the chains converge? The numbers that decide, and the sentence when they did not."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import interval_attrs, interval_prob
from bayes_scaling.display.tables import Result, WholeTable, coordinate_index, result_table
from bayes_scaling.display.wording import per_cent

R_HAT_MOST = 1.01
R_HAT_WORST = 1.05
"""Chains that differ by so much sit in different places (the limit before Vehtari et al., 2021):
their draws are no posterior, and what they forecast is no test of it."""

ESS_LEAST = 400
DIVERGENT_MOST = 0.005


@dataclass(frozen=True)
class Diagnostics:
    """Worst values over all sampled variables.

    Attributes
    ----------
    r_hat : float
        Largest R-hat; above 1.01 the chains disagree (Vehtari et al., 2021).
    ess_bulk, ess_tail : float
        Smallest effective sample sizes; below 400 neither intervals nor R-hat are reliable.
    divergent : float
        Share of divergent draws; above 0.5 % the posterior may be explored in part only.
    """

    r_hat: float
    ess_bulk: float
    ess_tail: float
    divergent: float

    @property
    def problems(self) -> tuple[str, ...]:
        """Shortcomings, each with its number; empty for a fit that can be read."""
        found = []
        if not self.r_hat <= R_HAT_MOST:
            found.append(f"R-hat {self.r_hat:.4f} > {R_HAT_MOST}")
        if not self.ess_bulk >= ESS_LEAST:
            found.append(f"bulk ESS {self.ess_bulk:.0f} < {ESS_LEAST}")
        if not self.ess_tail >= ESS_LEAST:
            found.append(f"tail ESS {self.ess_tail:.0f} < {ESS_LEAST}")
        if self.divergent > DIVERGENT_MOST:
            found.append(
                f"{per_cent(self.divergent, 1)} of draws divergent > {per_cent(DIVERGENT_MOST, 1)}"
            )
        return tuple(found)

    @property
    def diagnosis(self) -> str:
        """``"ok"``, or ``"not converged: …"`` with the numbers."""
        return "not converged: " + "; ".join(self.problems) if self.problems else "ok"

    @property
    def notes(self) -> tuple[str, ...]:
        """The shortcomings as a note for a reader; none of a fit that can be read."""
        apart = (
            " They sit in different places: the runs fit the law in more than one way, or some "
            "chains are still on their way."
        )
        where = apart if self.r_hat > R_HAT_WORST else ""
        return (f"The chains have {self.diagnosis}.{where}",) if self.problems else ()


class Diagnosed(Protocol):
    """Anything that rests on chains: a fit, an average, a forecast, an allocation."""

    @property
    def diagnostics(self) -> Diagnostics:
        """R-hat, effective sample sizes and divergences of the chains."""


class Sampled(Diagnosed, Protocol):
    """Chains with notes for the reader: a fit, an average, a fit of loss curves."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the reader of any result, bad diagnostics first."""


class FitResult(Result):
    """A result of a fit, which has the fit's notes and diagnosis."""

    fit: Sampled

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the reader, such as that the fit has not converged."""
        return self.fit.notes

    @property
    def diagnostics(self) -> Diagnostics:
        """Convergence of the posterior that the result rests on."""
        return self.fit.diagnostics

    @property
    def diagnosis(self) -> str:
        """``"ok"``, or what is wrong with the posterior that the result rests on."""
        return self.diagnostics.diagnosis

    def _intervals(self, draws: xr.Dataset, dim: str, prob: float | None) -> pd.DataFrame:
        """Median and interval of each variable by element of `dim`, with diagnosis and notes."""
        return result_table(draws, dim, self.diagnosis, self.notes, prob)

    def _columns(self, dim: xr.DataArray, columns: Mapping[Any, Any]) -> pd.DataFrame:
        """Further numbers by element of a dim, with the diagnosis."""
        return pd.DataFrame(columns, coordinate_index(dim)).assign(diagnosis=self.diagnosis)


def worst_of(found: Sequence[Diagnostics]) -> Diagnostics:
    """Diagnostics of what rests on several posteriors: the worst of each number."""
    return Diagnostics(
        r_hat=float(np.max([one.r_hat for one in found])),
        ess_bulk=float(np.min([one.ess_bulk for one in found])),
        ess_tail=float(np.min([one.ess_tail for one in found])),
        divergent=float(np.max([one.divergent for one in found])),
    )


def diagnose(
    posterior: xr.Dataset, sample_stats: xr.Dataset, var_names: Iterable[str]
) -> Diagnostics:
    """Diagnostics of the variables that were sampled."""
    sampled = posterior[list(var_names)]
    table = az.summary(sampled, kind="diagnostics", round_to="none")
    return Diagnostics(
        r_hat=float(table["r_hat"].max(skipna=False)),
        ess_bulk=float(table["ess_bulk"].min(skipna=False)),
        ess_tail=float(table["ess_tail"].min(skipna=False)),
        divergent=float(sample_stats["diverging"].mean()),
    )


def parameter_table(
    draws: xr.Dataset, found: Diagnostics, notes: Sequence[str], prob: float | None
) -> pd.DataFrame:
    """Parameters with credible intervals and diagnostics, as the summary of a fit shows them.

    Columns ``median``, ``lower``, ``upper``, ``r_hat``, ``ess_bulk``, ``ess_tail``, ``diagnosis``;
    ``attrs`` carry ``ci_kind``, ``ci_prob`` and ``notes``.
    """
    with warnings.catch_warnings():
        # A parameter held at a value has no R-hat, which NaN says.
        warnings.filterwarnings("ignore", "invalid value", RuntimeWarning)
        table = az.summary(draws, ci_prob=interval_prob(prob), round_to="none")
    table["median"] = az.summary(draws, kind="stats_median", round_to="none")["median"]
    lower, upper = (name for name in table if name.endswith(("_lb", "_ub")))
    table = table.rename(columns={lower: "lower", upper: "upper"})
    columns = ["median", "lower", "upper", "r_hat", "ess_bulk", "ess_tail"]
    summary = WholeTable(table[columns].astype(float))
    summary["diagnosis"] = found.diagnosis
    summary.attrs.update({**interval_attrs(prob), "notes": tuple(notes)})
    return summary
