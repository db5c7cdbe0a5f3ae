"""backtest(): cut-offs, scores, what a Backtest shows; prior draws stand in for refits."""

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.model.points import points
from bayes_scaling.validation import folds as _folds
from bayes_scaling.validation.backtesting import Backtest
from bayes_scaling.validation.folds import default_cutoffs, model_prediction

MODEL = bs.ScalingModel("Chinchilla")
Sweeps = Callable[..., bs.Runs]


@pytest.fixture
def from_priors(
    refitted_as: Callable[..., object], prior_fit: Callable[..., bs.ScalingFit]
) -> Callable[..., None]:
    """Refits that draw from the prior, fail for some folds, and have chains apart for others."""

    def install(failing: Collection[str] = (), apart: Collection[str] = ()) -> None:
        def made(model: bs.ScalingModel, name: str, runs: bs.Runs) -> bs.ScalingFit | str:
            if name in failing:
                return "BayesScalingError: stuck"
            fit = prior_fit(model, runs)
            alpha = fit.posterior["alpha"] + (fit.posterior["chain"] if name in apart else 0)
            return replace(fit, posterior=fit.posterior.assign(alpha=alpha))

        refitted_as(made)

    return install


def test_default_cutoffs_leave_runs_on_either_side(sweep: Sweeps) -> None:
    size = sweep().values("flops")
    cutoffs = default_cutoffs(MODEL, size)
    # Budgets at five steps of 0.75 decades: thirds and halves of three decades fall between them.
    assert [int((size <= cutoff).sum()) for cutoff in cutoffs] == [12, 18, 24]
    assert default_cutoffs(MODEL, size[:9]) == []


def test_each_held_out_run_is_scored_by_each_method(
    sweep: Sweeps, from_priors: Callable[..., None]
) -> None:
    from_priors()
    found = bs.backtest(MODEL, sweep(), cutoffs=[1e20, 1e19], progress=False)
    assert list(found.folds["fitted"]) == [12, 18]
    assert list(found.folds["status"]) == ["done", "done"]
    assert found.along == "flops"
    assert found.unfinished == ()
    sizes = found.predictions.groupby(["fold", "method"]).size()
    assert sizes.unstack().loc["1e+19"].to_dict() == {
        "model": 18, "log-linear": 18, "huber + bootstrap": 18,
    }  # fmt: skip
    table = found.table()
    assert list(table.index) == ["model", "log-linear", "huber + bootstrap"]
    assert table["predictions"].tolist() == [30, 30, 30]
    # Draws of the prior are far wider than what a fit gives.
    assert table.loc["model", "width"] > table.loc["huber + bootstrap", "width"]
    assert table.loc["huber + bootstrap", "log_score"] > table.loc["model", "log_score"]
    assert len(found.table(["method", "fold"])) == 6
    decades = found.predictions["decades"]
    assert decades.min() > 0
    assert decades.max() == pytest.approx(found.folds["decades"].max())


def test_runs_held_out_are_measured_from_their_own_level(
    uneven_fit: bs.ScalingFit, stand_in: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(uneven_fit)
    # The few draws of the stored fit pass for converged.
    monkeypatch.setattr(_folds, "R_HAT_WORST", 2.0)
    size = uneven_fit.runs.values("flops")
    books = np.asarray(uneven_fit.runs.table["corpus"] == "books")
    # Below the cut there are all books but the largest, and much larger runs of the other corpus.
    table = uneven_fit.runs.table
    largest = table.index[books][int(size[books].argmax())]
    table.loc[largest, "tokens"] *= size.max() / size[books].max()
    table = table.drop(columns="flops")
    runs = bs.Runs.from_frame(table, factors=["corpus"]).with_reference(**uneven_fit.runs.reference)
    cutoff = float(np.median(size[~books]) * 1.001)
    found = bs.backtest(uneven_fit, runs, [cutoff], baselines=False, progress=False)
    rows = found.predictions.set_index("run")
    assert rows.loc[largest, "decades"] == pytest.approx(
        np.log10(size.max() / np.sort(size[books])[-2]), abs=1e-5
    )
    assert found.folds["decades"].iloc[0] == rows["decades"].max()


def test_a_fold_that_failed_says_why(sweep: Sweeps, from_priors: Callable[..., None]) -> None:
    from_priors(failing={"1e+19"})
    found = bs.backtest(MODEL, sweep(), cutoffs=[1e19, 1e20], baselines=False, progress=False)
    assert found.folds["status"].tolist() == ["BayesScalingError: stuck", "done"]
    assert set(found.predictions["fold"]) == {"1e+20"}
    assert set(found.predictions["method"]) == {"model"}
    assert "1 of 2 folds" in repr(found)
    assert "has no result: BayesScalingError: stuck" in repr(found)
    assert "stuck" in found._repr_html_()


def test_a_fold_whose_chains_disagree_is_no_test(
    sweep: Sweeps, from_priors: Callable[..., None]
) -> None:
    from_priors(apart={"1e+19"})
    found = bs.backtest(MODEL, sweep(), cutoffs=[1e19, 1e20], baselines=False, progress=False)
    assert found.folds.loc["1e+19", "status"].startswith("not converged: R-hat")
    assert set(found.predictions["fold"]) == {"1e+20"}


def test_a_backtest_without_any_fold_is_an_error(
    sweep: Sweeps, from_priors: Callable[..., None]
) -> None:
    from_priors(failing={"1e+19"})
    with pytest.raises(BayesScalingError, match=r"none of 1 folds .*BayesScalingError: stuck"):
        bs.backtest(MODEL, sweep(), cutoffs=[1e19], progress=False)


@pytest.mark.parametrize("cutoff", [1e17, 1e21, 1e25])
def test_a_cut_off_with_runs_on_one_side_is_refused(sweep: Sweeps, cutoff: float) -> None:
    with pytest.raises(BayesScalingError, match=r"flops of the runs goes from 1e\+18 to 1e\+21"):
        bs.backtest(MODEL, sweep(), cutoffs=[cutoff], progress=False)


def test_three_runs_cannot_be_cut(sweep: Sweeps) -> None:
    with pytest.raises(BayesScalingError, match="3 runs with no usable cut-off"):
        bs.backtest(MODEL, sweep(budgets=3, sizes=1), progress=False)


def test_a_model_has_no_runs_of_its_own() -> None:
    with pytest.raises(BayesScalingError, match="runs=None"):
        bs.backtest(MODEL)


def test_the_log_score_is_the_density_of_log_loss(stored_fit: bs.ScalingFit) -> None:
    runs = stored_fit.runs.where(lambda table: table["corpus"] == "web")
    found = model_prediction(stored_fit, runs, seed=1)
    assert found.draws.shape == (400, len(runs))
    # By counting draws near the observation, where there are enough of them.
    observed, near = np.log(runs.values("loss")), 0.004
    share = (np.abs(found.draws - observed) < near).mean(axis=0) / (2 * near)
    assert np.log(share.mean()) == pytest.approx(np.log(np.exp(found.log_density).mean()), abs=0.2)


def test_a_level_that_was_not_fitted_is_drawn(stored_fit: bs.ScalingFit) -> None:
    table = stored_fit.runs.table.assign(corpus="code")
    runs = bs.Runs.from_frame(pd.DataFrame(table), factors=["corpus"])
    new = model_prediction(stored_fit, runs, seed=1).draws
    old = model_prediction(stored_fit, stored_fit.runs, seed=1).draws
    assert new.std(axis=0).min() > 2 * old.std(axis=0).max()


def test_cut_offs_that_agree_to_four_digits_are_folds_of_their_own(
    sweep: Sweeps, from_priors: Callable[..., None]
) -> None:
    from_priors()
    found = bs.backtest(
        MODEL, sweep(), [1.00001e20, 1.00002e20, 1e19, 1e19], baselines=False, progress=False
    )
    assert list(found.folds.index) == ["1e+19", "1.00001e+20", "1.00002e+20"]


def folds(*rows: tuple[float, float], along: str = "flops") -> Backtest:
    """A backtest of which only misses and reaches are known."""
    table = pd.DataFrame(rows, columns=["miss", "decades"])
    return Backtest(pd.DataFrame(), table.assign(status="done", cutoff=1e19), along)


def test_the_record_is_the_typical_miss_of_the_folds_that_say() -> None:
    record = folds((0.006, 0.5), (-0.004, 1.0), (np.nan, 0.3), (0.02, 1.5)).record()
    assert record.miss == 0.006
    assert record.folds["decades"].tolist() == [0.5, 1.0, 1.5]
    said = "On its own cut-offs this sweep missed by 0.6 % per tenfold of compute."
    assert record.sentence == said
    other = folds((0.01, 0.5), along="tokens").notes
    assert other == ("On its own cut-offs this sweep missed by 1 % per tenfold of tokens.",)
    none = folds((np.nan, 0.5))
    assert np.isnan(none.record().miss)
    assert none.notes == ("No cut-off says by how much this sweep misses beyond its runs.",)


def test_misses_are_of_the_law_as_it_goes_on_by_itself(stored_fit: bs.ScalingFit) -> None:
    table = stored_fit.runs.table.assign(tokens=lambda runs: 100 * runs["tokens"])
    larger = bs.Runs.from_frame(table.drop(columns="flops"), factors=["corpus"])
    law = model_prediction(stored_fit, larger, seed=1).law
    where = points(stored_fit.model, stored_fit.runs, at=table[["params", "tokens", "corpus"]])
    alone = stored_fit.surface_at(where).inside.loss(where).transpose("chain", "draw", "point")
    assert law == pytest.approx(np.log(alone.values.reshape(-1, len(larger))))


def test_only_losses_have_a_miss(prior_fit: Callable[..., bs.ScalingFit]) -> None:
    frame = pd.DataFrame({"params": np.geomspace(1e8, 1e10, 8), "tokens": 2e10})
    frame["loss"] = np.linspace(0.3, 0.8, 8)
    runs = bs.Runs.from_frame(frame, response="accuracy")
    law = bs.laws.Saturating("params")
    fit = prior_fit(bs.ScalingModel(law, noise=bs.noise.Normal()), runs)
    assert model_prediction(fit, runs, seed=1).law is None


def test_a_cutoff_at_a_budget_fits_all_runs_of_it() -> None:
    """Runs of equal compute, whose 6ND differs from the budget by rounding."""
    budgets = np.repeat([1e18, 3e18, 1e19, 3e19], 6)
    params = np.tile(np.geomspace(1e8, 1e9, 6), 4)
    table = pd.DataFrame({"params": params, "tokens": budgets / 6 / params, "loss": 3.0})
    runs = bs.Runs.from_frame(table)
    _, below = _folds.cut(MODEL, runs, [1e18, 1e19], "flops", _folds.PURPOSE)
    assert [int(mask.sum()) for mask in below.values()] == [6, 18]
    fitted, hidden = runs.split(train_up_to_flops=1e19)
    assert (len(fitted), len(hidden)) == (18, 6)


def test_runs_are_cut_by_their_own_compute() -> None:
    params = np.geomspace(1e8, 1e9, 12)
    table = pd.DataFrame({"params": params, "tokens": 20 * params, "loss": 3.0})
    table["flops"] = 1.3 * 6 * table["params"] * table["tokens"]
    runs = bs.Runs.from_frame(table)
    middle = float(table["flops"].iloc[6])
    size, below = _folds.cut(MODEL, runs, [middle], "flops", _folds.PURPOSE)
    np.testing.assert_allclose(size, table["flops"])
    assert (
        [int(mask.sum()) for mask in below.values()]
        == [7]
        == [len(runs.split(train_up_to_flops=middle)[0])]
    )
