"""Remarks on losses that were taken from training curves.

Owns the remarks: runs left out, losses that are not those of a finished run. Which checkpoint a run
is judged by is settled in `reducing`.
"""

from collections.abc import Iterator

import pandas as pd

from bayes_scaling.display.wording import Column, counted, listed, per_cent
from bayes_scaling.runs.cells import as_numbers
from bayes_scaling.runs.sources.reducing import Rule
from bayes_scaling.units import format_count

# A cosine to a tenth of its peak, the usual one, comes below this when 78 % of it are over.
_DECAYED = 0.2
# Hoffmann et al. 2022, appendix B: a schedule that is longer than the run by more costs loss.
_LONGER = 1.25
# In units of the usual distance of two losses, but for rounding.
_DUE = 0.99
# A median of fewer is hardly smoother than one value.
_FEW = 3
_WHY = (
    "such a loss is above that of a run of this length with a schedule of its own (Hoffmann et al. "
    "2022, arXiv:2203.15556, appendix B)."
)


def curve_remarks(
    facts: pd.DataFrame, rule: Rule, at: str, schedule: Column | None
) -> tuple[str, ...]:
    """Return the remarks on reduced curves, as full sentences.

    Parameters
    ----------
    facts
        Of all runs of the curves, see `Reduced`.
    rule
        How losses were made of checkpoints.
    at
        The column of positions.
    schedule
        The planned length of every run, in the unit of positions, if it is known.
    """
    kept = facts[facts["judged"].notna()]
    return (
        *_left_out(facts, rule, at),
        *_chosen(kept, rule),
        *_overdue(kept),
        *_not_decayed(kept),
        *_schedule(kept, schedule),
        *_nothing_known(kept, at, schedule),
    )


def _left_out(facts: pd.DataFrame, rule: Rule, at: str) -> Iterator[str]:
    bare = facts.index[facts["checkpoints"] == 0]
    if len(bare):
        yield f"{_some(bare, facts)} left out, having no loss at all ({listed(bare)})."
    diverged = facts.index[facts["diverged"]]
    if len(diverged):
        yield (
            f"{_some(diverged, facts)} left out, having diverged: the last loss is NaN or infinite "
            f"({listed(diverged)})."
        )
    silent = facts.index[facts["silent"] & ~facts["diverged"]]
    if len(silent):
        yield (
            f"{_some(silent, facts)} left out, without losses at the end of the curve "
            f"({listed(silent)}): training may have diverged there. If it did not, leave out the "
            f"rows after the last loss."
        )
    lost = facts["diverged"] | facts["silent"]
    short = facts.index[facts["judged"].isna() & (facts["checkpoints"] > 0) & ~lost]
    if len(short):
        yield (
            f"{_some(short, facts)} left out, having no loss after the warm-up, which is over at "
            f"{format_count(rule.warmup)} of {at!r} ({listed(short)})."
        )


def _chosen(kept: pd.DataFrame, rule: Rule) -> Iterator[str]:
    if rule.final == "best":
        earlier = kept.index[kept["at"] < kept["end"]]
        yield (
            f"The loss of each run is the best of {_range(kept['judged'])} checkpoints: the best "
            f"of noisy values is biased towards good ones, the more so the more there are."
        )
        if len(earlier):
            yield (
                f"In {counted(len(earlier), 'run')} of {len(kept)} the best checkpoint is not the "
                f"last one ({listed(earlier)}): what the curves hold of inputs is read there."
            )
    few = kept.index[kept["judged"] < _FEW]
    if rule.final == "smoothed" and len(few):
        yield (
            f"{_some(few, kept)} smoothed over fewer than {_FEW} checkpoints ({listed(few)}): the "
            f"noise of single evaluations stays in these losses. A wider window= holds more."
        )


def _overdue(kept: pd.DataFrame) -> Iterator[str]:
    due = kept.index[kept["silence"] >= _DUE]
    if len(due):
        yield (
            f"{_some(due, kept)} without the loss that was due at the end of the curve "
            f"({listed(due)}): if training diverged there, the loss taken is from before that."
        )


def _not_decayed(kept: pd.DataFrame) -> Iterator[str]:
    share = kept["last_rate"] / kept["peak_rate"]
    high = kept.index[share > _DECAYED]
    if len(high):
        yield (
            f"{_some(high, kept)} at {per_cent(share[high].min())} or more of the peak learning "
            f"rate at the end ({listed(high)}), undecayed: {_WHY}"
        )


def _schedule(kept: pd.DataFrame, schedule: Column | None) -> Iterator[str]:
    if schedule is None:
        return
    planned = as_numbers(schedule, f"column {schedule.name!r}").reindex(kept.index)
    longer = kept.index[planned > _LONGER * kept["end"]]
    if len(longer):
        shared = planned.nunique() == 1 and kept["end"].nunique() > 1
        one = "All runs share one length of schedule. " if shared else ""
        yield (
            f"{one}{_some(longer, kept)} cut off before four fifths of the schedule "
            f"({listed(longer)}), a checkpoint on the way and not a finished run: {_WHY}"
        )


def _nothing_known(kept: pd.DataFrame, at: str, schedule: Column | None) -> Iterator[str]:
    end = kept["end"]
    known = schedule is not None or kept["peak_rate"].notna().any()
    if not known and end.max() > _LONGER * end.min():
        yield (
            f"The runs end at different lengths ({_range(end)} of {at!r}), and neither their "
            f"learning rate nor their planned length was given: if they share one length of "
            f"schedule, the shorter ones are checkpoints on the way, and {_WHY}"
        )


def _some(names: pd.Index, of: pd.DataFrame) -> str:
    return f"{len(names)} of {counted(len(of), 'run')} {'is' if len(names) == 1 else 'are'}"


def _range(values: "pd.Series[float]") -> str:
    low, high = format_count(values.min()), format_count(values.max())
    return low if low == high else f"{low} to {high}"
