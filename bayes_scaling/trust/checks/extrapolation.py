"""Checks of extrapolation: the reach of the targets, and the backtest up to such a reach.

The two do not count the same doubt twice: `reach` asks whether such a reach was tested at all, and
`backtest` how the forecasts did up to there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import per_cent, times
from bayes_scaling.trust.case import LADDER, Case
from bayes_scaling.trust.checks.design import SAME_DECADES
from bayes_scaling.validation.backtesting import Backtest
from bayes_scaling.validation.folds import MODEL
from bayes_scaling.validation.scores import covered
from bayes_scaling.validation.verdict import CannotJudge, Finding, Verdict, graded, worst

TRUSTED_SHARE = 1 / 2
"""Trusted reach, as a share of the runs' range: a cut-off in the middle of the range tests a
forecast of one half from the other, and farther ones rest on fewer runs than they forecast. So 100
times the compute is trusted of runs over four decades, and 1000 times of runs over six."""

SIMILAR_SHARE = 1.0
"""Doubtful reach, as a share of the runs' range: farther out, the forecast rests more on other
sweeps than on this one. Of Chinchilla's runs, over four decades, 30 times the compute is trusted
and 1000 times is a doubt; of runs over two decades 30 times is a doubt and 1000 times not to be
trusted."""

FREE_DECADES = float(np.log10(1.25))
"""Trusted step along an axis on which all runs agree: with an exponent uncertain by 0.15 it moves
the loss by 3 %."""

DOUBTFUL_DECADES = float(np.log10(1.5))
"""Doubtful step along such an axis: it moves the loss by 6 %, more than runs scatter."""

MISS_CAUTION = 0.20
MISS_DISTRUST = 0.40
"""Share of held-out runs outside their 90 % intervals: twice and four times the nominal one."""

FEW = 3
"""Number of held-out runs below which a coverage is not evidence."""


def check_backtest(case: Case) -> Finding:
    """Share of held-out runs outside their 90 % interval, at reaches up to that of each point."""
    tested = case.backtest
    if len(tested.of_model()) < FEW:
        raise CannotJudge(f"{len(tested.of_model())} held-out run(s) are too few to judge by")
    missed = [_missed(within(tested.of_model(), one)) for one in case.beyond[case.main]]
    by_point: list[Verdict] = [
        "trust" if inside else graded(share, MISS_CAUTION, MISS_DISTRUST)
        for inside, share in zip(case.inside, missed, strict=True)
    ]
    table = tested.table()
    table.attrs["folds"] = tested.folds
    table.attrs["notes"] = tested.notes
    reach = float(case.beyond[case.main].iloc[int(np.argmax(missed[: case.asked]))])
    return Finding(by_point, _headline(tested, within(tested.predictions, reach)), table)


def _headline(tested: Backtest, near: pd.DataFrame) -> str:
    """The check in sentences, by the predictions that lie as near as the worst point."""
    shares = {str(name): _missed(part) for name, part in near.groupby("method", sort=False)}
    count = int((near["method"] == MODEL).sum())
    others = "; ".join(
        f"{name} {per_cent(share)}" for name, share in shares.items() if name != MODEL
    )
    undone = len(tested.unfinished)
    failed = f" {undone} fold(s) failed." if undone else ""
    return (
        f"{per_cent(shares[MODEL])} of {count} held-out runs fell outside their 90 % interval; the "
        f"farthest lay {times(10 ** near['decades'].max())} beyond those fitted. "
        f"Of the baselines' intervals: {others or 'not made'}. {tested.record().sentence}{failed}"
    )


def within(predictions: pd.DataFrame, reach: float) -> pd.DataFrame:
    """Predictions no farther beyond the fitted runs than `reach` decades.

    Of at least a third of the held-out runs, the nearest: at short reaches there may be few.
    """
    least = predictions["decades"].quantile(1 / 3)
    return predictions[predictions["decades"] <= max(reach, least)]


def _missed(predictions: pd.DataFrame) -> float:
    return float(1 - covered(predictions["pit"], 0.9).mean())


def check_reach(case: Case) -> Finding:
    """Decades of each point beyond the runs of its level, against those tested.

    What is tested is a share of the range of all runs: exponents are learned from all levels.
    """
    trusted, doubted, source = reaches(case)
    names = list(map(str, case.beyond))
    beyond = case.beyond.to_numpy()
    by_point = [
        worst(map(graded, row, trusted.tolist(), doubted.tolist())) for row in beyond.tolist()
    ]
    table = (10**case.beyond).add_prefix("times_beyond_")
    table.attrs["trusted_times"] = dict(10**trusted)
    table.attrs["doubted_times"] = dict(10**doubted)
    ratio, outside = beyond[: case.asked] / trusted.to_numpy(), beyond[: case.asked].max()
    if outside < SAME_DECADES:
        near = ", or within 5 % of it," if outside else ""
        inside = f"inside the range of the runs{_of_level(case)}{near}"
        headline = f"Every target lies {inside} along {', '.join(names)}."
        return Finding(by_point, headline, table)
    point, column = divmod(int(ratio.argmax()), len(names))
    span = float(np.ptp(case.runs[names[column]]))
    name = case.named(point)
    headline = (
        f"{name[0].upper()}{name[1:]} lies {times(10 ** beyond[point, column])} "
        f"{_side(case, point, column)} in {names[column]}. All runs span {times(10**span)}, and "
        f"forecasts are trusted up to {times(10 ** trusted.iloc[column])} beyond them ({source})."
    )
    return Finding(by_point, headline, table)


def _side(case: Case, point: int, column: int) -> str:
    """The side on which a point lies outside the range: ``"beyond the runs"``."""
    below = case.points.to_numpy() < case.ends[0].to_numpy()
    return f"{'below' if below[point, column] else 'beyond'} the runs{_of_level(case)}"


def _of_level(case: Case) -> str:
    return " of its level" if case.fit.model.factors else ""


def reaches(case: Case) -> tuple[pd.Series[float], pd.Series[float], str]:
    """Trusted and doubtful decades beyond the runs along each axis, and the evidence for them."""
    share, source = tested_share(case)
    spans = (case.runs.max() - case.runs.min()).round(6)
    trusted, doubted = share * spans, SIMILAR_SHARE * spans
    return trusted.clip(lower=FREE_DECADES), doubted.clip(lower=DOUBTFUL_DECADES), source


def tested_share(case: Case) -> tuple[float, str]:
    """Trusted reach as a share of the runs' range, and the evidence for it."""
    untested = TRUSTED_SHARE, "half of their range, since nothing was tested"
    if case.level != "full":
        return untested
    try:
        scores = case.backtest.of_model()
    except CannotJudge:
        return untested
    # The few farthest runs are a test only together.
    farthest = np.sort(scores["decades"])[-FEW:][0]
    span = float(np.ptp(case.runs[case.main]))
    tested = float(farthest) / span, "as far as the backtest reached"
    return min(tested, (TRUSTED_SHARE, "half of their range"))


def trusted_factor(case: Case) -> float:
    """Multiple of the largest run's compute that is within trusted reach, along the ladder."""
    trusted, _, _ = reaches(case)
    ladder = case.points.iloc[case.asked :]
    steps = (ladder.iloc[-1] - ladder.iloc[0]) / np.log10(LADDER[-1])
    room = trusted + (case.ends[1].iloc[case.asked] - ladder.iloc[0])
    growing = steps > 1e-9
    return float(10 ** (room[growing] / steps[growing]).min())


def ladder_frame(case: Case) -> pd.DataFrame:
    """The ladder as a table: factor, inputs and levels of each rung."""
    rungs = case.placed.iloc[case.asked :]
    return rungs.set_axis(pd.Index([f"{factor:g}x" for factor in LADDER], name="reach"))
