"""The check of conventions: other counts in the table, targets by each, and what answers mean."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling.runs.recounting import recounted, recounted_at
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks import conventions
from bayes_scaling.validation.refits import Outcome, Refitter
from bayes_scaling.validation.verdict import CannotJudge

Cases = Callable[..., Case]
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


@pytest.fixture
def refitted(monkeypatch: pytest.MonkeyPatch, both: bs.ScalingFit) -> Callable[..., list[bs.Runs]]:
    """Refits that are the fit with its floor off, of the runs that are asked for."""

    def install(by: float = 0.0, failure: str = "") -> list[bs.Runs]:
        asked: list[bs.Runs] = []
        floor = both.posterior["E_ref"] * (1 + by)
        posterior = both.posterior.assign(E_ref=floor)

        def refit_all(
            model: bs.ScalingModel, subsets: Mapping[str, bs.Runs], refitter: Refitter
        ) -> dict[str, Outcome]:
            asked.extend(subsets.values())
            return {
                name: Outcome(
                    None if failure else replace(both, runs=runs, posterior=posterior), failure, 0.1
                )
                for name, runs in subsets.items()
            }

        monkeypatch.setattr(conventions, "refit_all", refit_all)
        return asked

    return install


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
    refitted: Callable[..., list[bs.Runs]],
    by: float,
    verdict: str,
) -> None:
    asked = refitted(by)
    found = conventions.check_conventions(stored_case(both))
    # The law reads parameters and tokens: how compute is counted is nothing to it.
    assert len(asked) == 1
    assert found.by_point[0] == verdict
    assert list(found.table.index) == ["as fitted", EMBEDDING]
    assert EMBEDDING in found.headline
    assert found.table.loc["as fitted", "way_to_end_0"] == 0
    if "a" in both.posterior:
        assert found.table["size_exponent"].between(0, 1).all()


def test_refits_that_fail_are_no_verdict(
    both: bs.ScalingFit, stored_case: Cases, refitted: Callable[..., list[bs.Runs]]
) -> None:
    refitted(failure="it stuck")
    with pytest.raises(CannotJudge, match="with embeddings: it stuck"):
        conventions.check_conventions(stored_case(both))


def test_a_table_of_one_count_is_not_refitted(
    stored_case: Cases, refitted: Callable[..., list[bs.Runs]]
) -> None:
    asked = refitted()
    found = conventions.check_conventions(stored_case())
    assert not asked
    assert set(found.by_point) == {"trust"}
    assert found.headline.startswith("It does not apply")
