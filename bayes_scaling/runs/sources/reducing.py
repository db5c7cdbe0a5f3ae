"""From the checkpoints of many runs to one row per run, a batch of checkpoints at a time.

Owns which checkpoint a run is judged by, and what is found out about its curve on the way. Between
batches it holds a few numbers per run; the smoothed loss also holds the losses of the window that
it is taken over.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Literal, get_args

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.cells import is_missing
from bayes_scaling.runs.checks import check_choice
from bayes_scaling.runs.sources.checkpoints import AT, LOSS, RATE, RUN, Roles, checkpoints
from bayes_scaling.runs.sources.curve_source import CurveSource

type Final = Literal["last", "best", "smoothed"]
type _Choose = Callable[[pd.DataFrame], pd.DataFrame]

WORDING: Mapping[Final, str] = {"last": "last", "best": "best", "smoothed": "median at the end"}
"""Names of the statistics that make the loss of a run, as the source of the loss states them."""

_SPANS = {
    "checkpoints": "sum",
    "places": "sum",
    "start": "min",
    "end": "max",
    "first_gap": "min",
    "ran_to": "max",
    "peak_rate": "max",
}
# Longest end without a loss, in units of the usual step between losses: less if the run has a
# loss in every row before, as logs of evaluations have.
_SILENT, _SILENT_WITHOUT_GAPS = 1.5, 0.5


@dataclass(frozen=True)
class Rule:
    """Rule by which the losses of checkpoints become the loss of a run."""

    final: Final
    warmup: float
    window: float
    highest_is_best: bool

    def begin(self, end: "pd.Series[float]") -> "pd.Series[float]":
        """First position that counts, for runs whose last checkpoint is at `end`."""
        warm = self.warmup * end if self.warmup < 1 else 0 * end + self.warmup
        return warm.clip(lower=(1 - self.window) * end) if self.final == "smoothed" else warm


def checked_rule(final: Final, warmup: float, window: float, response: str) -> Rule:
    """Return the rule that these arguments of `Runs.from_curves` make, after checking them."""
    check_choice("final", final, get_args(Final.__value__))
    if final == "best" and response == "metric":
        raise RunsError(
            'Runs: final="best" of a response that is a "metric". It is not known '
            'whether high or low values are good. Pass final="last" or "smoothed".'
        )
    if not (_is_number(warmup) and 0 <= warmup < math.inf):
        raise RunsError(
            f"Runs: warmup is {warmup!r}. Checkpoints before it do not count. Pass a "
            f"share of the run's length such as 0.1, or from 1 on a position such as 1e10 tokens."
        )
    if not (_is_number(window) and 0 < window <= 1):
        raise RunsError(
            f"Runs: window is {window!r}. The loss is smoothed over this last share of "
            f"a run's length. Pass a share such as 0.05."
        )
    return Rule(final, float(warmup), float(window), highest_is_best=response == "accuracy")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True)
class Reduced:
    """One row per run, in the order in which the runs appear.

    `table` has the columns of the source. `facts` has, for every run of the curves, the number of
    `checkpoints` with a loss and of their `places`, the first and the last of these, `start` and
    `end`, the position `first_gap` of the first row without one and `ran_to` of the last row of any
    kind, `peak_rate` and `last_rate`, its `silence` at the end in units of the usual distance of
    two losses, and if it `diverged` or fell `silent`; and for those kept, the number `judged` of
    checkpoints that count and the position `at` of the chosen one.
    """

    table: pd.DataFrame
    facts: pd.DataFrame


def reduced(source: CurveSource, roles: Roles, rule: Rule) -> Reduced:
    """Reduce the curves to one row per run, without runs that have no usable loss.

    These have none after the warm-up, or end in NaN, in infinity or without a loss: what was logged
    before a divergence is not the loss of the run.

    Raises
    ------
    RunsError
        A cell is not what its column needs, a constant column changes within a run, the position
        does not tell checkpoints apart, or no run is left.
    """
    codes: dict[str, int] = {}
    chosen, facts, constants = _whole_curves(checkpoints(source, roles, codes), roles)
    facts = _with_ends(facts, chosen)
    lost = facts["diverged"] | facts["silent"]
    kept = facts.index[(facts["end"] >= rule.begin(facts["end"])) & ~lost]
    if kept.empty:
        raise _none_left(facts, rule)
    begin = rule.begin(facts.loc[kept, "end"])
    after = (
        rows[np.isfinite(rows[LOSS]) & (rows[AT] >= begin.reindex(rows[RUN]).to_numpy())]
        for rows in checkpoints(source, roles, codes)
    )
    judged = pd.Series(1.0, kept)
    if rule.final == "best":
        chosen, judged = _best(after, rule.highest_is_best)
    elif rule.final == "smoothed":
        chosen, judged = _smoothed(after, chosen)
    chosen = _with_gaps_filled(chosen, checkpoints(source, roles, codes), roles.varying)
    table = chosen.loc[kept, [*roles.varying]]
    table[roles.loss] = chosen[LOSS]
    for name, values in constants.items():
        table[name] = values
    facts = facts.assign(judged=judged, at=chosen[AT].reindex(kept))
    names = pd.Index([*codes], dtype="str")
    return Reduced(table.set_axis(names[kept], axis=0), facts.set_axis(names[facts.index], axis=0))


def _with_ends(facts: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """Add to the facts the end of each curve: whether it diverged, how long it lacks a loss.

    That length is in units of the usual step between losses.
    """
    diverged = last[LOSS].reindex(facts.index).abs() == math.inf
    several = facts["places"] > 1
    usual = (facts["end"] - facts["start"]) / (facts["places"] - 1).where(several)
    silence = (facts["ran_to"] - facts["end"]) / usual.where(several, facts["end"])
    most = np.where(facts["first_gap"] < facts["end"], _SILENT, _SILENT_WITHOUT_GAPS)
    return facts.assign(diverged=diverged, silence=silence, silent=silence > most)


def _none_left(facts: pd.DataFrame, rule: Rule) -> RunsError:
    lost = facts["diverged"] | facts["silent"]
    why = f", and {lost.sum()} end in NaN, in infinity or without a loss" if lost.any() else ""
    return RunsError(
        f"Runs.from_curves: none of {counted(len(facts), 'run')} has a loss to be judged by after "
        f"the warm-up (warmup={rule.warmup:g}){why}. There is nothing to learn from. Shorten the "
        f"warm-up, name the column of the loss, or leave out the rows after the last loss."
    )


def _whole_curves(
    batches: Iterable[pd.DataFrame], roles: Roles
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Column]]:
    """Return the last checkpoints, facts about the curves, and the constant columns, by run."""
    last = rate = spans = pd.DataFrame()
    constants = dict.fromkeys((*roles.labels, *roles.constant), pd.DataFrame())
    for batch in batches:
        spans = pd.concat([spans, _spans(batch)]).groupby(level=0).agg(_SPANS)
        last = _combined(last, batch[batch[LOSS].notna()], _latest)
        rate = _combined(rate, batch.loc[batch[RATE].notna(), [RUN, AT, RATE]], _latest)
        for name, values in constants.items():
            held = batch[[RUN, name]].dropna()
            constants[name] = _combined(values, held, pd.DataFrame.drop_duplicates)
            _check_constant(constants[name], name)
    _check_spans(spans, roles.at)
    facts = spans.assign(last_rate=rate.set_index(RUN)[RATE])
    return (
        last.set_index(RUN),
        facts,
        {name: values.set_index(RUN)[name] for name, values in constants.items()},
    )


def _best(after: Iterable[pd.DataFrame], highest: bool) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    def best(rows: pd.DataFrame) -> pd.DataFrame:
        extreme = rows.groupby(RUN)[LOSS].transform("max" if highest else "min")
        ties = rows[rows[LOSS] == extreme].sort_values(AT, kind="stable")
        return ties.drop_duplicates(RUN, keep="first")  # the earliest in training

    chosen, judged = pd.DataFrame(), pd.Series(dtype=float)
    for rows in after:
        chosen = _combined(chosen, rows, best)
        judged = judged.add(rows.groupby(RUN).size(), fill_value=0)
    return chosen.set_index(RUN), judged


def _smoothed(
    after: Iterable[pd.DataFrame], last: pd.DataFrame
) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    # Of a position that is logged twice, as after a restart, the later row.
    every = pd.concat([rows[[RUN, AT, LOSS]] for rows in after])
    losses = every.drop_duplicates([RUN, AT], keep="last").groupby(RUN)[LOSS]
    smoothed = last.copy()
    smoothed[LOSS] = losses.median()
    return smoothed, losses.count().astype(float)


def _with_gaps_filled(
    chosen: pd.DataFrame, batches: Iterable[pd.DataFrame], columns: Iterable[str]
) -> pd.DataFrame:
    """Fill gaps of the chosen checkpoints from other rows of the same position.

    Loggers write the metrics of one step in rows of their own: here the loss, there the tokens.
    """
    lacking = [name for name in columns if is_missing(chosen[name], number=True).any()]
    if not lacking:
        return chosen
    filled = chosen.copy()
    for rows in batches:
        same = rows[rows[AT] == chosen[AT].reindex(rows[RUN]).to_numpy()]
        for name in lacking:
            held = same[~is_missing(same[name], number=True)].drop_duplicates(RUN, keep="last")
            gap = is_missing(filled[name], number=True)
            filled[name] = filled[name].mask(gap, held.set_index(RUN)[name])
    return filled


def _combined(kept: pd.DataFrame, more: pd.DataFrame, choose: _Choose) -> pd.DataFrame:
    """Return the rows that `choose` keeps of those kept before and of new ones."""
    chosen = choose(more)
    return chosen if kept.empty else choose(pd.concat([kept, chosen], ignore_index=True))


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    # Of a position that is logged twice, as after a restart, the later row.
    return rows[rows[AT] == rows.groupby(RUN)[AT].transform("max")].drop_duplicates(
        RUN, keep="last"
    )


def _spans(batch: pd.DataFrame) -> pd.DataFrame:
    at = batch[AT].where(batch[LOSS].notna())
    again = pd.DataFrame({RUN: batch[RUN], AT: at}).duplicated()
    columns = {
        "run": batch[RUN],
        "checkpoints": at.notna().astype(int),
        "places": (at.notna() & ~again).astype(int),
        "start": at,
        "end": at,
        "first_gap": batch[AT].where(batch[LOSS].isna()),
        "ran_to": batch[AT],
        "peak_rate": batch[RATE],
    }
    return pd.DataFrame(columns).groupby("run").agg(_SPANS)


def _check_constant(values: pd.DataFrame, name: str) -> None:
    changing = values[values[RUN].duplicated(keep=False)]
    if len(changing):
        first = changing[changing[RUN] == changing[RUN].iloc[0]]
        raise RunsError(
            f"Runs.from_curves: column {name!r} changes within a run ({listed(first[name])}). A "
            f"run has one size and belongs to one group. Check the column of run names: two runs "
            f"may share one."
        )


def _check_spans(spans: pd.DataFrame, at: str) -> None:
    if spans.empty:
        raise RunsError(
            "Runs.from_curves: the curves hold no rows. There is nothing to learn from. Check the "
            "file or the filter that they come from."
        )
    several = spans[spans["checkpoints"] > 1]
    if len(several) and (several["start"] == several["end"]).all():
        raise RunsError(
            f"Runs.from_curves: column {at!r} is the same at every checkpoint of a run, so it "
            f"is not clear which one is the last. Name the column of steps with step=, or that "
            f"of the tokens seen with tokens=."
        )
