"""The check of conventions: other counts in the table, targets by each, and what answers mean."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.runs.recounting import recounted, recounted_at
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks import conventions
from bayes_scaling.validation.verdict import CannotJudge

Cases = Callable[..., Case]
Install = Callable[..., list[bs.Runs]]
EMBEDDING = "params: column 'params with embeddings', with embeddings"


@pytest.fixture
def both(stored_fit: bs.ScalingFit) -> bs.ScalingFit:
    """The stored fit, whose table holds a second count of parameters and two of compute."""
    table = stored_fit.runs.table
    more = table["params"] * (1 + 3e4 * table["params"] ** (-2 / 3))
    columns = {"params with embeddings": more, "flops_incl_attention": 1.2 * table["flops"]}
    # A count of something else, one in billions, and one that repeats the first.
    others = {"embedding_params": 3e7, "N": table["params"] / 1e9, "num_params": table["params"]}
    table = table.assign(**columns, **others)
    return replace(stored_fit, runs=replace(stored_fit.runs, table=table))


def test_other_counts_are_found_by_name_and_size(both: bs.ScalingFit) -> None:
    found = recounted(both.runs)
    assert [*found] == [EMBEDDING, "flops: column 'flops_incl_attention', attention included"]
    runs = found[EMBEDDING]
    assert runs.sources["params"] == EMBEDDING.removeprefix("params: ")
    # Compute that follows from the size follows from the other one.
    assert runs.values("flops") == pytest.approx(6 * runs.values("params") * runs.values("tokens"))
    assert np.array_equal(runs.values("tokens"), both.runs.values("tokens"))
    (product,) = (runs for name, runs in recounted(found[[*found][1]]).items() if "6 x" in name)
    assert product.values("flops") == pytest.approx(both.runs.values("flops"))


def test_the_count_of_a_larger_run_follows_from_the_runs() -> None:
    own = np.geomspace(1e7, 1e9, 5)
    target = np.array([1e11])
    more = own * (1 + 3e4 * own ** (-2 / 3))
    assert recounted_at(target, own, more) == pytest.approx(target * (1 + 3e4 * 1e11 ** (-2 / 3)))
    assert recounted_at(target, own, own / 3) == pytest.approx(target / 3)
    assert recounted_at(target, more, own) == pytest.approx(target, rel=0.01)
    # A share that grows with size is not carried on beyond the runs.
    grows = own * (1 + 1e-6 * own**0.5)
    assert 1 < recounted_at(target, own, grows)[0] / target[0] < grows[-1] / own[-1]


@pytest.mark.parametrize(("by", "verdict"), [(0.0, "trust"), (0.07, "do not trust")])
def test_only_an_answer_outside_the_interval_counts(
    both: bs.ScalingFit,
    stored_case: Cases,
    stand_in: Install,
    floor_off: Callable[..., bs.ScalingFit],
    by: float,
    verdict: str,
) -> None:
    asked = stand_in(replace(floor_off(by), runs=both.runs))
    found = conventions.check_conventions(stored_case(both))
    # The law reads parameters and tokens: how compute is counted is nothing to it.
    assert len(asked) == 1
    assert found.by_point[0] == verdict
    assert list(found.table.index) == ["as fitted", EMBEDDING]
    assert EMBEDDING in found.headline
    assert found.table.loc["as fitted", "way_to_end_0"] == 0
    exponent = float(both.posterior["a"].median())
    assert found.table["size_exponent"].to_numpy() == pytest.approx(exponent)


def test_refits_that_fail_are_no_verdict(
    both: bs.ScalingFit, stored_case: Cases, stand_in: Install
) -> None:
    stand_in(both, failing={EMBEDDING})
    with pytest.raises(CannotJudge, match="with embeddings: BayesScalingError: stuck"):
        conventions.check_conventions(stored_case(both))


def test_a_table_of_one_count_is_not_refitted(
    stored_fit: bs.ScalingFit, stored_case: Cases, stand_in: Install
) -> None:
    asked = stand_in(stored_fit)
    found = conventions.check_conventions(stored_case())
    assert not asked
    assert set(found.by_point) == {"trust"}
    assert found.headline.startswith("It does not apply")
