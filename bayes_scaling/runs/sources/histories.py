"""Losses from the history of one metric, for runs whose other columns are known."""

import numpy as np
import pandas as pd

from bayes_scaling.runs.cells import as_numbers
from bayes_scaling.runs.sources.checkpoints import Roles
from bayes_scaling.runs.sources.curve_remarks import curve_remarks
from bayes_scaling.runs.sources.curve_source import open_curves
from bayes_scaling.runs.sources.reducing import Rule, reduced


def with_losses(
    frame: pd.DataFrame, loss: str, history: pd.DataFrame, rule: Rule
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the runs with a column of losses made of their history, and the remarks on them.

    Parameters
    ----------
    frame
        One row per run, indexed by its name.
    loss
        The column of losses.
    history
        What was logged, one row per value: the name of the run, the position, the metric.
    rule
        How these become one loss; runs that it leaves out, such as diverged ones, have no row.
    """
    run, at, metric = history.columns
    values = as_numbers(history[metric], f"metric {metric!r}")
    # A history holds what was logged: NaN is a value, not a gap.
    history = history.assign(**{metric: values.fillna(np.inf)})
    roles = Roles(run, at, metric, rate=None, labels=(), constant=(), varying=())
    found = reduced(open_curves(history), roles, rule)
    out = found.facts.index[found.facts["judged"].isna()]
    kept = frame.assign(**{loss: found.table[metric].reindex(frame.index)})
    return kept[~kept.index.isin(out)], curve_remarks(found.facts, rule, at, None)
