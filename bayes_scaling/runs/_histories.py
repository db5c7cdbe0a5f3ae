"""Losses out of the history of one metric, for runs of which all else is known already."""

import pandas as pd

from bayes_scaling.runs._checkpoints import Roles
from bayes_scaling.runs._curve_remarks import curve_remarks
from bayes_scaling.runs._curve_source import open_curves
from bayes_scaling.runs._reducing import Rule, reduced

__all__ = ["losses_of"]


def losses_of(
    history: pd.DataFrame, at: str, metric: str, rule: Rule
) -> tuple["pd.Series[float]", tuple[str, ...]]:
    """Return the loss of each run, by its name, and the remarks on them.

    Parameters
    ----------
    history
        One row per checkpoint, with the columns `run`, `at` and `metric`.
    at
        The column that orders the checkpoints of a run.
    metric
        The column of losses.
    rule
        How these become one loss.
    """
    roles = Roles("run", at, metric, rate=None, constant=(), varying=())
    found = reduced(open_curves(history), roles, rule)
    return found.table[metric], curve_remarks(found.facts, rule, at, None)
