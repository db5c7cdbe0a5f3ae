"""compare() and average(): scores, weights and flags on known fits; refits are stood in for."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.comparison import Comparison
from bayes_scaling.comparison.comparing import compare_by_loo
from bayes_scaling.comparison.flags import future_flags
from bayes_scaling.comparison.scores import NAMES, along_axis, importance, mean_and_error
from bayes_scaling.errors import BayesScalingError

Off = Callable[..., bs.ScalingFit]
CUTOFFS = [1e19, 1e20]


@pytest.fixture
def stand_in(refitted_as: Callable[..., object]) -> Callable[..., None]:
    """Refits that give the fits themselves, in their order, and fail where asked to."""

    def install(*fits: bs.ScalingFit, failing: tuple[tuple[int, str], ...] = ()) -> None:
        asked = Counter[str]()

        def made(model: bs.ScalingModel, fold: str, runs: bs.Runs) -> bs.ScalingFit | str:
            number = asked[fold]
            asked[fold] += 1
            return "BayesScalingError: stuck" if (number, fold) in failing else fits[number]

        refitted_as(made)

    return install


@pytest.fixture
def found(floor_off: Off, stand_in: Callable[..., None]) -> Comparison:
    fits = {"bad": floor_off(0.02), "good": floor_off(0.0)}
    stand_in(*fits.values())
    return bs.compare(fits, CUTOFFS, progress=False)


def test_the_better_of_two_is_found_inside_and_beyond(found: Comparison) -> None:
    assert found.kinds == ("future", "loo")
    for kind in found.kinds:
        assert found.weights(kind).to_dict() == {"bad": 0.0, "good": 1.0}
    table = found.table()
    assert list(table.index) == ["good", "bad"]
    assert table["future"].loc["good", "difference"] == 0
    assert table["loo"].loc["bad", "difference"] < -3 * table["loo"].loc["bad", "standard_error"]
    assert table["diagnosis"].str.startswith("not converged").all()


def test_every_prediction_is_there(found: Comparison, stored_fit: bs.ScalingFit) -> None:
    flops = stored_fit.runs.values("flops")
    assert found.pointwise.index.names == NAMES
    counts = found.pointwise.groupby(["kind", "fold"]).size().to_dict()
    assert counts == {
        ("future", "1e+19"): int((flops > 1e19).sum()),
        ("future", "1e+20"): int((flops > 1e20).sum()),
        ("loo", ""): 36,
    }
    assert list(found.pointwise) == ["bad", "good"]
    assert found.pareto_k.shape == (36, 2)
    assert found.folds.loc[("bad", "1e+19"), "held_out"] == counts["future", "1e+19"]


def test_leave_one_out_is_on_the_scale_of_a_backtest(found: Comparison) -> None:
    """Densities of log loss near the runs are alike, be they held out one by one or together.

    Of levels with a scatter of their own the median difference is 0.26 here, without 0.2 or less.
    """
    scores = found.pointwise["good"]
    later = scores["future"].groupby("run").mean()
    assert (scores["loo"].droplevel(["fold", "level"])[later.index] - later).abs().median() < 0.4


def test_it_prints_with_its_flags(found: Comparison) -> None:
    text = repr(found)
    assert "higher is better" in text
    assert "N < 100" in text
    assert "from 36 runs, fewer than 100" in text
    assert "<th>good</th>" in found._repr_html_()


def test_fits_alike_share_and_are_flagged_as_alike(
    floor_off: Off, stand_in: Callable[..., None]
) -> None:
    fits = {"one": floor_off(0.0), "same": floor_off(0.0)}
    stand_in(*fits.values())
    found = bs.compare(fits, CUTOFFS, progress=False)
    assert found.weights().tolist() == pytest.approx([0.5, 0.5])
    assert found.table()["loo"]["difference"].tolist() == [0, 0]
    assert any("differ by 0.0 over all runs" in note for note in found.notes)


def test_a_fold_that_one_fit_failed_is_scored_for_none(
    floor_off: Off, stand_in: Callable[..., None]
) -> None:
    fits = {"a": floor_off(0.0), "b": floor_off(0.01)}
    stand_in(*fits.values(), failing=((1, "1e+19"),))
    found = bs.compare(fits, CUTOFFS, progress=False)
    assert set(found.scores("future").index.unique("fold")) == {"1e+20"}
    assert any("fold of 'b' up to 1e+19 has no result" in note for note in found.notes)
    assert any("rest on one fold, that up to 1e+20" in note for note in found.notes)
    assert "fold failed" in found.table()["future"].loc["b", "flags"]
    assert "fold failed" not in found.table()["future"].loc["a", "flags"]


def test_without_any_fold_leave_one_out_remains(
    floor_off: Off, stand_in: Callable[..., None]
) -> None:
    fits = {"a": floor_off(0.0), "b": floor_off(0.01)}
    stand_in(*fits.values(), failing=((0, "1e+19"), (1, "1e+20")))
    found = bs.compare(fits, CUTOFFS, progress=False)
    assert found.kinds == ("loo",)
    assert "No score of future runs" in repr(found)
    with pytest.raises(BayesScalingError, match=r"no fold gave a result .*'a' up to 1e\+19"):
        bs.average(found)
    assert bs.average(found, "loo").weights == {"a": 1.0}


def test_runs_that_cannot_be_cut_have_no_future(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    runs = stored_fit.runs.where(np.arange(36) < 4)
    fit = prior_fit(bs.ScalingModel("Chinchilla"), runs)
    found = bs.compare({"a": fit, "b": fit}, progress=False)
    assert "4 runs with no usable cut-off" in found.no_future
    with pytest.raises(BayesScalingError, match=r"cut-off 1e\+30, where flops of the runs"):
        bs.compare({"a": fit, "b": fit}, [1e30], progress=False)


def test_levels_folds_and_runs_count_alike_in_turn() -> None:
    rows = [("f", "1", "x"), ("f", "2", "x"), ("f", "3", "y"), ("g", "3", "y")]
    index = pd.MultiIndex.from_tuples(rows, names=["fold", "run", "level"])
    assert importance(index).tolist() == [0.25, 0.25, 0.25, 0.25]
    rows = [("f", "1", "x"), ("f", "2", "x"), ("g", "2", "x"), ("f", "3", "y")]
    index = pd.MultiIndex.from_tuples(rows, names=["fold", "run", "level"])
    counts = importance(index)
    assert counts.tolist() == [0.125, 0.125, 0.25, 0.5]
    mean, error = mean_and_error(pd.Series([1.0, 3.0, 2.0, 6.0], index), counts)
    # Levels average 2 and 6: their mean, and the standard error of a mean of two.
    assert (mean, error) == (4.0, pytest.approx(2.0))


def test_the_error_of_leave_one_out_is_that_of_independent_runs(found: Comparison) -> None:
    scores = found.scores("loo")
    apart = scores["bad"] - scores["good"]
    expected = apart.std(ddof=1) / np.sqrt(len(apart))
    error = found.table()["loo"].loc["bad", "standard_error"]
    assert error == pytest.approx(expected)


def test_weights_that_rest_on_one_fold_are_flagged(floor_off: Off) -> None:
    folds = ["f", "g", "h"]
    rows = [(fold, f"{fold}{i}", str(i)) for fold in folds for i in range(4)]
    index = pd.MultiIndex.from_tuples(rows, names=["fold", "run", "level"])
    scores = pd.DataFrame(
        {"a": 0.0, "b": np.where([row[0] == "f" for row in rows], 3.0, -0.3)}, index
    )
    done = pd.DataFrame(
        {"status": "done", "r_hat": 1.0},
        pd.MultiIndex.from_product([["a", "b"], folds], names=["fit", "fold"]),
    )
    flags = list(future_flags(scores, done, {"a": floor_off(0.0), "b": floor_off(0.0)}))
    assert [flag.short for flag in flags] == ["rests on one fold"]
    assert "without the fold up to f the weight of" in flags[0].sentence
    by_chance = scores.assign(b=[0.5, -0.5, 0.6, -0.7] * 3)
    alike = next(future_flags(by_chance, done, {"a": floor_off(0.0), "b": floor_off(0.0)}))
    assert (alike.fit, alike.short) == ("b", "< 2 SE")
    assert "larger runs do not tell them apart" in alike.sentence
    few = scores[scores.index.get_level_values("level") < "2"]
    assert "2 levels" in [flag.short for flag in future_flags(few, done, {"a": floor_off(0.0)})]


def test_average_takes_its_weights_from_scores_or_as_given(floor_off: Off) -> None:
    fits = {"web": floor_off(0.01, "web"), "books": floor_off(0.01, "books"), "bad": floor_off(0.1)}
    found = bs.average(fits, "loo")
    assert found.source == "stacked by leave-one-out"
    assert set(found.weights) == {"web", "books"}
    assert found.weights["web"] == pytest.approx(compare_by_loo(fits).weights("loo")["web"])
    assert any(note.startswith("No weight for 'bad'") for note in found.notes)
    assert any("fewer than 100" in note for note in found.notes)
    assert set(bs.average(fits, "equal").weights.values()) == {1 / 3}
    given = bs.average(fits, {"web": 0.2, "books": 0.8, "bad": 0})
    assert list(given.weights) == ["books", "web"]


def test_average_of_a_comparison_needs_no_refit(found: Comparison) -> None:
    average = bs.average(found)
    assert average.weights == {"good": 1.0}
    assert average.source == "stacked by future score"


def test_wrong_questions_are_refused(floor_off: Off, found: Comparison) -> None:
    fit = floor_off(0.0)
    with pytest.raises(BayesScalingError, match="fits=list does not name fits"):
        bs.compare([fit, fit])  # type: ignore[arg-type]
    with pytest.raises(BayesScalingError, match="1 fit leaves nothing to compare"):
        bs.compare({"a": fit})
    with pytest.raises(BayesScalingError, match="does not name fits"):
        bs.average({})
    with pytest.raises(ValueError, match="weights='best' does not say"):
        bs.average({"a": fit}, "best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"weights=\[1.0\] does not say"):
        bs.average({"a": fit}, [1.0])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kind='elpd' names no score"):
        found.weights("elpd")  # type: ignore[arg-type]


def test_laws_are_cut_along_what_they_share(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    laws = {"n": bs.laws.PowerLaw("params"), "c": bs.laws.PowerLaw("flops")}
    fits = {name: prior_fit(bs.ScalingModel(law), stored_fit.runs) for name, law in laws.items()}
    assert along_axis(fits) == "flops"
    assert along_axis({"n": fits["n"]}) == "params"
