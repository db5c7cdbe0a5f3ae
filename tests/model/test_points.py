"""Points of evaluation: two of N, D, C or a table, and what is said of points that cannot be."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError, RunsError
from bayes_scaling.model.points import points

MODEL = bs.ScalingModel("chinchilla")


@pytest.fixture
def runs(stored_fit: bs.ScalingFit) -> bs.Runs:
    return stored_fit.runs


@pytest.mark.parametrize("names", [("params", "tokens"), ("params", "flops"), ("tokens", "flops")])
def test_two_of_the_three_give_the_third(names: tuple[str, str], runs: bs.Runs) -> None:
    chinchilla = {"params": 7e10, "tokens": 1.4e12, "flops": 5.88e23}
    where = points(MODEL, runs, **{name: chinchilla[name] for name in names})
    assert where.sizes == {"point": 1}
    for name, value in chinchilla.items():
        assert where[name].item() == pytest.approx(value, rel=1e-12)


def test_numbers_and_arrays_are_broadcast(runs: bs.Runs) -> None:
    where = points(MODEL, runs, params=[1e9, 7e10], tokens=1.4e12)
    assert where["params"].values.tolist() == [1e9, 7e10]
    assert where["tokens"].values.tolist() == [1.4e12, 1.4e12]
    of_series = points(MODEL, runs, params=pd.Series([1e9, 7e10], index=[5, 9]), tokens=1.4e12)
    assert of_series.identical(where)


def test_sizes_may_be_written_as_people_write_them(runs: bs.Runs) -> None:
    for given in (
        {"params": "7B", "tokens": "1.4T"},
        {"params": ["7B"], "tokens": 1.4e12},
        {"at": pd.DataFrame({"params": ["7,000,000,000"], "tokens": ["1_400_000_000_000"]})},
    ):
        found = points(MODEL, runs, **given)  # type: ignore[arg-type]
        assert (found["params"].item(), found["tokens"].item()) == (7e9, 1.4e12)


def test_a_table_may_have_its_own_index_and_other_columns(runs: bs.Runs) -> None:
    table = pd.DataFrame({"tokens": [1e12, 2e12], "name": ["x", "y"]}, index=["a", "b"])
    before = table.copy()
    where = points(MODEL, runs, at=table, params=1e10)
    assert set(where.data_vars) == {"params", "tokens", "flops"}
    assert where["tokens"].values.tolist() == [1e12, 2e12]
    pd.testing.assert_frame_equal(table, before)


def test_a_mapping_is_a_table_of_one_value_or_one_for_each(stored_fit: bs.ScalingFit) -> None:
    table = pd.DataFrame({"params": [1e9, 2e9], "tokens": [1e11, 1e11], "corpus": ["web", "web"]})
    mapping = {"params": [1e9, 2e9], "tokens": "100B", "corpus": "web"}
    model, runs = stored_fit.model, stored_fit.runs
    assert points(model, runs, at=mapping).identical(points(model, runs, at=table))
    beside = points(model, runs, params=[1e9, 2e9], tokens=1e11, at={"corpus": "web"})
    assert beside.identical(points(model, runs, at=table))


def test_a_factor_that_is_left_out_is_crossed_with_the_points(stored_fit: bs.ScalingFit) -> None:
    where = points(stored_fit.model, stored_fit.runs, params=[1e9, 2e9], tokens=1e11)
    assert list(zip(where["params"].values, where["corpus"].values, strict=True)) == [
        (1e9, "books"),
        (1e9, "web"),
        (2e9, "books"),
        (2e9, "web"),
    ]


@pytest.mark.parametrize("given", ["2", 2, 2.0])
def test_levels_that_are_numbers_are_named_as_those_of_the_runs(
    runs: bs.Runs, given: object
) -> None:
    table = runs.table.assign(seed=np.arange(len(runs)) % 3)
    numbered = bs.Runs.from_frame(table, factors=["seed"])
    model = bs.ScalingModel("chinchilla", bs.Vary("E", by="seed"))
    at = pd.DataFrame({"params": [1e9], "tokens": [1e11], "seed": [given]})
    assert points(model, numbered, at=at)["seed"].values.tolist() == ["2"]


def test_a_factor_that_is_given_is_used(stored_fit: bs.ScalingFit) -> None:
    table = pd.DataFrame({"params": 1e9, "tokens": 1e11, "corpus": ["web", "books", "web"]})
    where = points(stored_fit.model, stored_fit.runs, at=table)
    assert where["corpus"].values.tolist() == ["web", "books", "web"]


@pytest.mark.parametrize("mode", ["draw", "typical"])
def test_a_new_level_is_let_through_on_request(mode: str, stored_fit: bs.ScalingFit) -> None:
    table = pd.DataFrame({"params": [1e9], "tokens": [1e11], "corpus": ["wiki"]})
    where = points(stored_fit.model, stored_fit.runs, at=table, new_levels=mode)  # type: ignore[arg-type]
    assert where["corpus"].item() == "wiki"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"No value for params, tokens at the points.*given: nothing.*Chinchilla.*Give params"),
        ({"params": 1e9}, r"No value for tokens.*given: params.*Give tokens"),
        (
            {"at": pd.DataFrame({"N": [1e9], "train tokens": [1e11]})},
            r"No value for params, tokens.*given: N, train tokens.*"
            r"at\.rename\(columns=\{'N': 'params', 'train tokens': 'tokens'\}\)",
        ),
        ({"at": pd.DataFrame({"C": [1e21]}), "params": 1e9}, r"tokens.*rename.*'C': 'flops'"),
        ({"at": pd.DataFrame()}, "There are no points: at has neither rows nor columns"),
        (
            {"at": pd.DataFrame({"params": [], "tokens": []})},
            r"no points: \{'params': 0, 'tokens': 0\}.*at least one value",
        ),
        ({"params": [], "tokens": 1e11}, "no points: .*'params': 0"),
        ({"params": -1e9, "tokens": 1e11}, "params is .*-1000000000.0.* at point 0.*positive"),
        ({"params": [1e9, 0], "tokens": 1e11}, "params is .*0.* at point 1"),
        ({"params": 1e9, "tokens": np.nan}, "tokens is .*nan.* at point 0"),
        ({"params": 1e9, "flops": np.inf}, "inf.* at point 0"),
        ({"params": [1e9, 2e9], "tokens": [1e11] * 3}, "different lengths.*'params': 2.*paired"),
        ({"at": [1e9]}, "at=list has no column names.*DataFrame"),
        (
            {"at": pd.DataFrame({"params": [1e9]}), "params": 1e9, "tokens": 1e11},
            "params is given both.*Give it once",
        ),
        (
            {"at": pd.DataFrame({"params": ["7X"], "tokens": [1e11]})},
            "params is '7X' at point 0.*such as 7e10",
        ),
        ({"params": "7X", "tokens": 1e11}, "params is .*'7X'.* at point 0"),
        ({"params": 1e9, "tokens": 1e11, "flops": 1e18}, "flops.*6"),
    ],
)
def test_points_that_cannot_be_are_refused(
    given: dict[str, object], message: str, runs: bs.Runs
) -> None:
    with pytest.raises(RunsError, match=message):
        points(MODEL, runs, **given)  # type: ignore[arg-type]


def test_a_level_that_was_not_fitted_is_named(stored_fit: bs.ScalingFit) -> None:
    table = pd.DataFrame({"params": [1e9], "tokens": [1e11], "corpus": ["wiki"]})
    with pytest.raises(RunsError, match=r"corpus='wiki' was not fitted.*books, web.*new_levels="):
        points(stored_fit.model, stored_fit.runs, at=table)
    with pytest.raises(ValueError, match=r"new_levels='mean' does not say.*'typical'"):
        points(stored_fit.model, stored_fit.runs, at=table, new_levels="mean")  # type: ignore[arg-type]


def versions(stored_fit: bs.ScalingFit) -> pd.DataFrame:
    """Runs of two versions, as pandas leaves them where a blank made numbers of the labels."""
    table = stored_fit.runs.table[["params", "tokens", "loss"]]
    return table.assign(version=np.where(np.arange(len(table)) % 2, 1.0, 2.0))


def test_labels_that_pandas_made_numbers_are_those_of_the_runs(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    table = versions(stored_fit)
    model = bs.ScalingModel("chinchilla", vary=bs.Vary("E", by="version"))
    fit = prior_fit(model, bs.Runs.from_frame(table, factors=["version"]))
    where = points(model, fit.runs, at=table)
    assert where["version"].values.tolist() == fit.runs.table["version"].tolist()
    assert len(fit.runs.where(version=1.0)) == (table["version"] == 1.0).sum()
    of_one = bs.Goal.parameter("E", at={"version": 1.0}).draws(fit)
    np.testing.assert_array_equal(of_one, fit.posterior["E"].sel(version="1"))


def test_a_truth_by_level_reads_labels_as_runs_do(stored_fit: bs.ScalingFit) -> None:
    truth = {"E": {1: 1.8, 2: 2.0}, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}
    design = versions(stored_fit).drop(columns="loss")
    runs = bs.datasets.simulate("chinchilla", design, truth, factors=["version"])
    assert runs.levels("version") == ("1", "2")


@pytest.fixture
def counted() -> bs.Runs:
    """Runs whose compute is three times 6ND, as where recomputation or attention is counted."""
    params = np.geomspace(1e8, 1e10, 8)
    table = pd.DataFrame({"params": params, "tokens": 20 * params, "flops": 3 * 120 * params**2})
    loss = 2 + 3 * (table["flops"] / 1e18) ** -0.15
    return bs.Runs.from_frame(table.assign(loss=loss), flops_factor=4)


@pytest.mark.parametrize("names", [("params", "tokens"), ("params", "flops"), ("tokens", "flops")])
def test_compute_is_counted_as_in_the_runs_where_it_is_read(
    names: tuple[str, str], counted: bs.Runs
) -> None:
    model = bs.ScalingModel(bs.laws.PowerLaw("flops"))
    where = points(model, counted, at=counted.table[list(names)])
    for name in ("params", "tokens", "flops"):
        np.testing.assert_allclose(where[name], counted.values(name), rtol=1e-9)
    plain = points(MODEL, counted, params=1e9, tokens=1e10)
    assert plain["flops"].item() == 6e19


def test_a_fit_of_compute_answers_alike_for_both_ways_to_ask(
    prior_fit: Callable[..., bs.ScalingFit], counted: bs.Runs
) -> None:
    fit = prior_fit(bs.ScalingModel(bs.laws.PowerLaw("flops")), counted)
    by_size = fit.expected_loss(at=counted.table[["params", "tokens"]])
    by_compute = fit.expected_loss(flops=counted.values("flops"))
    np.testing.assert_allclose(by_size, by_compute, rtol=1e-9)
    # Compute may be given to any question, whatever the law reads.
    for one in (fit, prior_fit(MODEL, counted)):
        assert any("flops of these runs are 3 times 6 x params x tokens" in n for n in one.notes)


def test_plans_ask_the_law_for_compute_as_forecasts_do(
    prior_fit: Callable[..., bs.ScalingFit], counted: bs.Runs
) -> None:
    fit = prior_fit(bs.ScalingModel("OverTraining"), counted)
    plan = bs.allocate(fit, 1e21, constraints=bs.Constraints(sizes=(1e9,)))
    same = fit.expected_loss(params=1e9, tokens=1e21 / 6e9)
    np.testing.assert_allclose(
        plan.draws["expected_loss"].isel(budget=0), same.isel(point=0), rtol=1e-9
    )


def test_the_table_of_the_runs_is_made_of_points(counted: bs.Runs) -> None:
    where = points(MODEL, counted, at=counted.table)
    np.testing.assert_array_equal(where["flops"], counted.values("flops"))
    with pytest.raises(RunsError, match=r"0\.1 times that \(in the runs, 0\.333 to 0\.333"):
        points(MODEL, counted, params=1e9, tokens=1e10, flops=6e20)


def test_counts_far_below_all_runs_are_asked_about(stored_fit: bs.ScalingFit) -> None:
    # A model of 70B on 1.4T tokens, its counts in billions.
    with pytest.raises(BayesScalingError, match=r"params=70 and tokens=1400 .*'70B' and '1.4T'"):
        bs.forecast(stored_fit, params=70, tokens=1400)
    # One small count may be meant: nobody trains so little data, and a law still has a value.
    assert bs.forecast(stored_fit, params=7e9, tokens=1400).draws["loss"].notnull().all()


def test_counts_far_above_all_runs_are_asked_about(runs: bs.Runs) -> None:
    # Runs in billions, and a model of 70B on 1.4T tokens in plain counts.
    table = runs.table.drop(columns="flops")
    table[["params", "tokens"]] /= 1e9
    small = bs.Runs.from_frame(table, factors=["corpus"])
    with pytest.raises(RunsError, match=r"more than a million times the largest runs \(2 params"):
        points(MODEL, small, params=7e10, tokens=1.4e12)
    assert points(MODEL, small, params=70, tokens=1400)["params"].item() == 70


def test_compute_given_beside_a_size_is_counted_as_the_runs_count_it(runs: bs.Runs) -> None:
    """A run of the table, asked by its own parameters and compute, has its own tokens."""
    counted = runs.table.assign(flops=1.6 * runs.values("flops"))
    own = bs.Runs.from_frame(counted, factors=["corpus"])
    run = own.table.iloc[3]
    by_params = points(MODEL, own, params=run["params"], flops=run["flops"])
    assert by_params["tokens"].item() == pytest.approx(run["tokens"])
    by_tokens = points(MODEL, own, tokens=run["tokens"], flops=run["flops"])
    assert by_tokens["params"].item() == pytest.approx(run["params"])


def test_size_and_data_follow_from_compute_and_their_ratio(runs: bs.Runs) -> None:
    asked = pd.DataFrame({"flops": [6e20], "tokens_per_param": [100.0]})
    where = points(bs.ScalingModel(bs.laws.OverTraining()), runs, at=asked)
    assert (where["params"].item(), where["tokens"].item()) == pytest.approx((1e9, 1e11))


def test_a_level_that_is_missing_is_no_new_level(stored_fit: bs.ScalingFit) -> None:
    at = pd.DataFrame({"params": 1e9, "tokens": 1e11, "corpus": ["web", None]})
    with pytest.raises(RunsError, match="corpus is empty at point 1"):
        points(stored_fit.model, stored_fit.runs, at=at, new_levels="draw")
