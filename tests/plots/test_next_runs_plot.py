import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.datasets import isoflop_design
from tests.plots.artists import bar_ends, legend_texts, marked

CANDIDATES = isoflop_design([1e20, 1e21], 5).rename("c{}".format)


@pytest.fixture(scope="module")
def plan(lone_fit: bs.ScalingFit) -> bs.decisions.NextRuns:
    goal = bs.Goal.loss(params=7e10, tokens=1.4e12)
    return bs.next_runs(lone_fit, CANDIDATES, 1.3e21, goal)


def test_candidates_and_chosen_runs_are_where_they_are(plan: bs.decisions.NextRuns) -> None:
    ax = plots.next_runs(plan)[0]
    [all_of_them] = marked(ax, "candidates")
    np.testing.assert_allclose(all_of_them.get_offsets(), CANDIDATES[["params", "tokens"]])
    taken = 1 - plan.candidates["sd_alone"] / plan.sd[0]
    np.testing.assert_allclose(all_of_them.get_array(), taken)
    [rings] = marked(ax, "chosen")
    np.testing.assert_allclose(rings.get_offsets(), plan.chosen[["params", "tokens"]])
    numbers = {text.get_text(): text.xy for text in ax.texts}
    assert sorted(numbers) == [str(i) for i in range(1, len(plan.chosen) + 1)]
    np.testing.assert_allclose(numbers["1"], plan.chosen[["params", "tokens"]].iloc[0])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("parameters", "training tokens")


def test_the_interval_is_that_of_the_table(plan: bs.decisions.NextRuns) -> None:
    ax = plots.next_runs(plan, prob=0.8)[1]
    table = plan.table(0.8)
    [bars] = marked(ax, "intervals")
    np.testing.assert_allclose(bar_ends(bars), table[["lower", "upper"]])
    assert legend_texts(ax.get_legend()) == ["expected 80 % ETI"]
    assert ax.get_ylabel() == "expected loss (nats per token)"
    assert ax.get_xticklabels()[0].get_text() == "now"


def test_groups_have_rings_of_their_own(stored_fit: bs.ScalingFit) -> None:
    goal = bs.Goal.optimum(1e23, at={"corpus": "web"})
    plan = bs.next_runs(stored_fit, CANDIDATES, 4e21, goal)
    assert set(plan.chosen["corpus"]) == {"books", "web"}
    panels = plots.next_runs(plan)
    labels = [ring.get_label() for ring in marked(panels[0], "chosen")]
    assert labels == ["chosen, in order: books", "chosen, in order: web"]
    assert panels[1].get_ylabel() == "optimal parameters"
    numbers = ", ".join(text.get_text() for text in panels[0].texts).split(", ")
    assert sorted(map(int, numbers)) == list(range(1, len(plan.chosen) + 1))


def test_a_law_of_one_input_is_drawn_against_the_cost(token_fit: bs.ScalingFit) -> None:
    candidates = CANDIDATES[["tokens"]].assign(cost=10.0)
    plan = bs.next_runs(token_fit, candidates, 20.0, bs.Goal.parameter("E"))
    ax, promise = plots.next_runs(plan)
    [points] = marked(ax, "candidates")
    np.testing.assert_allclose(points.get_offsets()[:, 1], 10.0)
    assert ax.get_ylabel() == "cost"
    assert promise.get_ylabel() == "E"


def test_a_plan_without_runs_shows_what_is_known_now(plan: bs.decisions.NextRuns) -> None:
    ax, promise = plots.next_runs(plan.after([]))
    assert not ax.texts
    [bars] = marked(promise, "intervals")
    assert len(bars.get_segments()) == 1


def test_given_axes_are_drawn_on(plan: bs.decisions.NextRuns) -> None:
    _, mine = plt.subplots(1, 2)
    assert list(plots.next_runs(plan, ax=mine)) == list(mine)


def test_the_title_says_that_the_chains_have_not_converged(plan: bs.decisions.NextRuns) -> None:
    assert plan.fit.diagnostics.problems
    title = plots.next_runs(plan)[0].figure.get_suptitle()
    assert f"{len(plan.chosen)} of 10 runs for" in title
    assert f"chosen for {plan.aim}" in title.replace("\n", " ")
    assert "not converged" in title


def test_accuracies_are_called_so(accuracy_fit: bs.ScalingFit) -> None:
    table = pd.DataFrame({"params": [1e9, 4e9], "tokens": [2e10, 8e10]})
    plan = bs.next_runs(accuracy_fit, table, 1e22, bs.Goal.loss(params=7e10, tokens=1.4e12))
    assert plan.aim == "the expected accuracy at params 70B, tokens 1.4T"
    assert plots.next_runs(plan)[1].get_ylabel() == "expected accuracy"
