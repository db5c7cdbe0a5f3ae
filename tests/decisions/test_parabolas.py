"""The isoFLOP optimum without a law: recovery, standard errors, and the flag."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.decisions.parabolas import parabola_vertex
from bayes_scaling.errors import ModelError, RunsError

BUDGETS = (1e20, 1e21)


def isoflop_runs(optimum: Callable[[float], float], seed: int = 3) -> bs.Runs:
    """Seven sizes about an optimum at each budget, on a parabola in log params with noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for flops in BUDGETS:
        params = optimum(flops) * np.geomspace(0.25, 4, 7)
        loss = 2.5 + 0.02 * np.log(params / optimum(flops)) ** 2
        loss = loss + 0.001 * rng.standard_normal(7)
        rows.append(pd.DataFrame({"params": params, "tokens": flops / 6 / params, "loss": loss}))
    return bs.Runs.from_frame(pd.concat(rows, ignore_index=True))


SARDANA = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283}


def best(flops: float) -> float:
    """The optimum of the law that the fit has."""
    rest = {name: value for name, value in SARDANA.items() if name != "E"}
    return float(bs.laws.Chinchilla.optimum(flops, **rest)[0])


@pytest.mark.parametrize(("away", "verdict"), [(1.0, "agrees"), (2.0, "disagrees")])
def test_the_flag_tells_optima_apart(scattered_fit, away: float, verdict: str) -> None:
    runs = isoflop_runs(lambda flops: away * best(flops))
    found = bs.decisions.isoflop_optima(scattered_fit(bs.laws.Chinchilla(), SARDANA, 0.001, runs))
    assert found.parabolas["flops"].tolist() == pytest.approx(list(BUDGETS))
    assert found.verdicts().tolist() == [verdict, verdict]
    assert any("disagree at 2 of 2" in n for n in found.notes) == (verdict == "disagrees")
    table = found.table(0.9)
    np.testing.assert_allclose(
        table["parabola", "median"], [away * best(flops) for flops in BUDGETS], rtol=0.1
    )
    assert (table["parabola", "lower"] < table["parabola", "upper"]).all()
    assert table["runs"].tolist() == [7, 7]
    assert verdict in repr(found)
    assert verdict in found._repr_html_()


def test_the_standard_error_is_the_spread_of_the_vertex(rng: np.random.Generator) -> None:
    x = np.linspace(-1.5, 1.5, 9)
    truth = 2 + 0.1 * (x - 0.3) ** 2
    vertices = [parabola_vertex(x, truth + 0.005 * rng.standard_normal(9)) for _ in range(500)]
    places = np.array([vertex.at for vertex in vertices])
    errors = np.array([vertex.error for vertex in vertices])
    # 500 simulations know a standard deviation to 3 %, and the vertex is not quite normal.
    assert np.sqrt((errors**2).mean()) == pytest.approx(places.std(), rel=0.12)
    assert places.mean() == pytest.approx(0.3, abs=0.01)


def test_no_minimum_among_the_sizes_is_said() -> None:
    x = np.linspace(0, 3, 6)
    assert np.isnan(parabola_vertex(x, (x - 5) ** 2).at)
    assert np.isnan(parabola_vertex(x, -((x - 1) ** 2)).at)


def test_a_budget_without_a_minimum_is_counted(scattered_fit) -> None:
    shifted = isoflop_runs(best).table.copy()
    large = shifted["params"] * shifted["tokens"] > 1e20
    above = np.log(shifted.loc[large, "params"] / shifted.loc[large, "params"].min())
    shifted.loc[large, "loss"] = 2 + 0.02 * (above + 1) ** 2
    fit = scattered_fit(bs.laws.Chinchilla(), SARDANA, 0.001, bs.Runs.from_frame(shifted))
    found = bs.decisions.isoflop_optima(fit)
    assert found.verdicts().tolist()[1] == "no minimum"
    assert any("1 of 2 budgets have no minimum" in note for note in found.notes)


def test_runs_that_share_no_compute_are_refused(
    stored_fit: bs.ScalingFit, steps_fit: bs.ScalingFit
) -> None:
    with pytest.raises(RunsError, match="none of the 36 runs share their compute"):
        bs.decisions.isoflop_optima(stored_fit)
    with pytest.raises(ModelError, match="KaplanSteps is a function of params, steps"):
        bs.decisions.isoflop_optima(steps_fit)


def test_the_chinchilla_budgets_agree_with_the_refit(scattered_fit, shared_data: Path) -> None:
    """Besiroglu's refit, with its spread, against parabolas through the digitised runs."""
    table = pd.read_csv(shared_data / "chinchilla.csv")
    kept = table[~table["dropped_in_replication"]]
    runs = bs.Runs.from_frame(kept[["params", "tokens", "loss"]])
    refit = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
    found = bs.decisions.isoflop_optima(
        scattered_fit(bs.laws.Chinchilla(), refit, 0.01, runs), tolerance=1.05
    )
    assert len(found.parabolas) >= 4
    ratio = found.table()["parabola", "median"] / found.table()["fitted", "median"]
    assert ratio.dropna().between(0.5, 2).all()
