"""next_runs(): the affordable runs that most reduce the uncertainty of one quantity.

Each answer is a plan with a promise: the interval that the goal is expected to have after each run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.decisions.next_runs.candidates import COST, check_budget, evaluated
from bayes_scaling.decisions.next_runs.goals import Goal
from bayes_scaling.decisions.next_runs.greedy import (
    Batch,
    Candidates,
    best_batch,
    gains_alone,
    variance_after,
)
from bayes_scaling.decisions.next_runs.preposterior import Scaled, learnable, scaled_draws
from bayes_scaling.display.digits import label_writer
from bayes_scaling.display.intervals import interval_attrs, interval_percent, intervals
from bayes_scaling.display.wording import counted, listed, of_response, per_cent
from bayes_scaling.errors import RunsError
from bayes_scaling.fitting.diagnostics import FitResult
from bayes_scaling.fitting.scaling_fit import ScalingFit

NOW = "(now)"
"""Label of a table's first row: before any new run."""


@dataclass(frozen=True, repr=False, eq=False)
class NextRuns(FitResult):
    """A batch of runs in the order to make them, with the interval expected after each.

    Attributes
    ----------
    fit : ScalingFit
        The fit it was made from.
    goal : Goal
    budget : float
        In the unit of the candidates' cost.
    candidates : pandas.DataFrame
        All runs that could be made: inputs, factors, ``cost``; ``sd_alone``, the expected
        standard deviation of the goal after that run alone; and ``order``, from 1, of those
        chosen (0 for the others).
    """

    fit: ScalingFit
    goal: Goal
    budget: float
    candidates: pd.DataFrame
    _batch: Batch
    _scaled: Scaled
    _learnable: Candidates

    @property
    def chosen(self) -> pd.DataFrame:
        """The runs to make, in order: their inputs, factors and ``cost``."""
        chosen = self.candidates.iloc[list(self._batch.places)]
        return chosen.drop(columns=["order", "sd_alone"])

    @property
    def cost(self) -> float:
        """Cost of all of them."""
        return float(self.chosen[COST].sum())

    @property
    def aim(self) -> str:
        """The goal in words, with what the runs have in place of a loss."""
        return self.goal.words.replace("expected loss", f"expected {self.fit.runs.response}")

    @property
    def sd(self) -> np.ndarray:
        """Standard deviation of the goal now and expected after each run.

        Of its logarithm, which is a relative spread, where the goal is positive in all draws.
        """
        return np.sqrt(self._batch.variances)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for a reader: of the fit, and the assumptions behind expected intervals."""
        missing = float(self._scaled.values.isnull().mean())
        quantity = of_response(self.goal.quantity, self.fit.runs.response)
        left_out = (f"{per_cent(missing, 1)} of draws have no {quantity} and are left out.",)
        return (
            *self.fit.notes,
            *(left_out if missing else ()),
            "Expected intervals hold on average and if the law does: runs that contradict it "
            "widen them, and no batch chosen under a law is a test of that law.",
        )

    def after(self, runs: Sequence[object]) -> NextRuns:
        """The expected interval after a batch of one's own, whatever its cost.

        Parameters
        ----------
        runs : sequence of str
            Labels of candidates, in the order in which they would be made.

        Raises
        ------
        RunsError
            A label that no candidate has, or that is given twice.
        """
        labels = [str(run) for run in runs]
        unknown = [label for label in labels if label not in self.candidates.index]
        if unknown or len(set(labels)) < len(labels):
            wrong = unknown or [label for label in labels if labels.count(label) > 1]
            raise RunsError(
                f"NextRuns.after: {listed(wrong)} is no candidate, or given twice, and each "
                f"candidate is one run. Candidates: {listed(self.candidates.index)}."
            )
        places = [list(self.candidates.index).index(label) for label in labels]
        batch = variance_after(self._learnable, places)
        return replace(self, candidates=_numbered(self.candidates, batch), _batch=batch)

    def intervals(self, prob: float | None = None) -> xr.Dataset:
        """Interval of the goal now and expected after each run.

        The draws now, pulled towards their median as far as the variance is expected to fall.

        Returns
        -------
        xarray.Dataset, dims (step,)
            ``median``, ``lower``, ``upper``, in the unit of the goal; step 0 is now.
        """
        shares = self.sd / self.sd[0]
        steps = xr.concat([self._scaled.shrunk(share) for share in shares], "step")
        return intervals(steps.assign_coords(step=np.arange(len(shares))), prob)

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Runs in order, and the interval of the goal expected after each, of probability `prob`.

        Returns
        -------
        pandas.DataFrame
            Index ``run``; the first row is now. Columns: inputs and factors of the run, ``cost``,
            ``total_cost``, then of the goal ``sd`` (as :attr:`sd`), ``lower``, ``upper``,
            ``width``, and ``share`` of the present standard deviation that is left; ``diagnosis``
            of the fit. ``attrs`` carry ``goal``, ``ci_kind``, ``ci_prob`` and ``notes``.
        """
        ends = self.intervals(prob)
        now = pd.DataFrame({COST: [0.0]}, index=[NOW])
        table = pd.concat([now, self.chosen])[list(self.chosen)].rename_axis("run")
        for name in self.fit.model.factors:
            table[name] = table[name].fillna("")
        table["total_cost"] = table[COST].cumsum()
        table["sd"] = self.sd
        table["lower"], table["upper"] = ends["lower"].values, ends["upper"].values
        table["width"] = table["upper"] - table["lower"]
        table["share"] = self.sd / self.sd[0]
        table["diagnosis"] = self.diagnosis
        attrs = {**interval_attrs(prob), "goal": repr(self.goal), "notes": self.notes}
        table.attrs.update(attrs)
        return table

    def headline(self, prob: float | None = None) -> str:
        """The plan and its promise in one sentence."""
        number, total, ends = len(self.chosen), len(self.candidates), self.intervals(prob)
        write, cost_text = label_writer(self.goal.quantity), label_writer(COST)
        now, last = (write(width) for width in (ends["upper"] - ends["lower"]).values[[0, -1]])
        interval = f"{interval_percent(prob)} interval of {self.aim}"
        cost, budget = cost_text(self.cost), cost_text(self.budget)
        if not number:
            return (
                f"None of {counted(total, 'candidate')} for {budget} would noticeably "
                f"shrink the {interval}, which is {now} wide."
            )
        return (
            f"{number} of {counted(total, 'candidate')} for {cost} of {budget}; the "
            f"{interval} is expected to shrink from {now} to {last}."
        )

    @property
    def title(self) -> str:
        """The plan and its promise in one sentence."""
        return f"Next runs: {self.headline()}"

    def readable(self, prob: float | None = None) -> pd.DataFrame:
        """The table as text for people: ``70B``, ``3e20``; the diagnosis is in the notes."""
        table = self.table(prob).drop(columns="diagnosis")
        written_as = dict.fromkeys(("lower", "upper", "width"), self.goal.quantity)
        writers = {name: label_writer(written_as.get(name, name)) for name in map(str, table)}
        shown = {name: [_written(v, write) for v in table[name]] for name, write in writers.items()}
        text = pd.DataFrame(shown, index=table.index)
        text.attrs.update(table.attrs)
        return text

    def _shown(self) -> pd.DataFrame:
        text = self.readable()
        text.attrs.clear()
        return text


def next_runs(
    fit: ScalingFit, candidates: pd.DataFrame, budget: float, goal: Goal, *, most: int | None = None
) -> NextRuns:
    """Choose the affordable runs that would most reduce the uncertainty of one quantity.

    Each candidate is one run: list it twice to allow a second seed. Runs are taken one by one,
    each for what it adds to those before it, by gain per cost, by gain alone, and halfway; the
    batch with the least expected variance is the answer. It never promises less than the best
    single run that can be afforded.

    Parameters
    ----------
    fit : ScalingFit
    candidates : pandas.DataFrame
        Runs that could be made: a column for each input (of params, tokens and flops, two give
        the third) and factor, and optionally ``cost``; else a run costs its 6ND FLOP. A factor of
        the model that is left out is crossed with the rows: one candidate for each fitted level.
    budget : float
        What all runs together may cost.
    goal : Goal
        Such as ``bs.Goal.loss(params=70e9, tokens=1.4e12)``.
    most : int, optional
        Largest number of runs; as many as the budget allows if not given.

    Raises
    ------
    RunsError
        Candidates that cannot be evaluated, a cost that is not positive, a budget that affords
        none of them, or a goal that names no level of a factor.
    ModelError
        A goal that the fit does not have, or that it is certain of.

    Notes
    -----
    The posterior draws of the goal (its logarithm where it is positive) and of the expected
    responses at the candidates (log loss, under most noise models) are taken as jointly normal.
    Then observing a run at x with scatter of variance s² takes Cov(goal, f(x))² / (Var f(x) + s²)
    off the variance of the goal, whatever the loss turns out to be, and a batch is worked out
    exactly by conditioning on one run after the other: two runs that say the same count once. This
    is Bayesian c-optimality (Chaloner and Verdinelli, 1995) on posterior draws, for any law, and
    takes about a second for hundreds of candidates. Heavy-tailed scatter has the variance of the
    normal scatter that is as informative: for a Student-t, s² (nu + 3) / (nu + 1).

    Where the law bends within the posterior, the best linear prediction leaves more variance
    than the posterior will have on average, so that the promise errs on the side of caution. It
    takes the noise as known, at its posterior mean variance; replicates of a configuration as
    independent; and counts the response only, not what a law with stages observes on the way. A
    large run is worth what it says of the way on beyond the others, which the fit has learned from
    other sweeps; under a law alone (``surface=None``) a batch for a loss far away may consist of
    the cheapest corners of the candidates, and leave unseen a bend on the way there.

    References
    ----------
    Chaloner and Verdinelli (1995), Bayesian Experimental Design: A Review, Statistical Science
    10(3), 273-304. Li et al. (2026), Spend Less, Fit Better: Budget-Efficient Scaling Law Fitting
    via Active Experiment Selection, arXiv:2604.22753, which weighs gain by a power of cost between
    nought and one, too.
    """
    table, where = evaluated(fit, candidates)
    check_budget(budget, most, table[COST])
    scaled = scaled_draws(goal, fit)
    known = learnable(scaled, fit, where, table[COST].to_numpy())
    batch = best_batch(known, budget, len(table) if most is None else most)
    now = batch.variances[0]
    table["sd_alone"] = np.sqrt(now - gains_alone(known))
    return NextRuns(fit, goal, float(budget), _numbered(table, batch), batch, scaled, known)


def _numbered(candidates: pd.DataFrame, batch: Batch) -> pd.DataFrame:
    order = np.zeros(len(candidates), dtype=int)
    order[list(batch.places)] = np.arange(1, len(batch.places) + 1)
    return candidates.assign(order=order)


def _written(value: object, write: Callable[[float], str]) -> str:
    if not isinstance(value, float | int):
        return str(value)
    return "" if np.isnan(value) else write(float(value))
