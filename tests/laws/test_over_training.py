"""The law of Gadre et al. (2024) against their constants, refitted, and their predictions."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from bayes_scaling.laws import Chinchilla, OverTraining

# Constants of the paper by training corpus, and those of its authors' code refitted.
PUBLISHED = {
    "c4": {"E": 1.508, "a": 141.3, "b": 189.5, "eta": 0.1213},
    "redpajama": {"E": 1.837, "a": 212.2, "b": 366.7, "eta": 0.1365},
    "refinedweb": {"E": 1.735, "a": 157.1, "b": 246.2, "eta": 0.1272},
}


def table(shared_data: Path, dataset: str, role: str) -> pd.DataFrame:
    runs = pd.read_csv(shared_data / "gadre_overtraining.csv")
    return runs[(runs["dataset"] == dataset) & (runs["role"] == role)]


def at(runs: pd.DataFrame) -> dict[str, np.ndarray]:
    return {"flops": runs["flops"].values, "tokens_per_param": runs["token_multiplier"].values}


def refit(runs: pd.DataFrame) -> dict[str, float]:
    """Least squares in the loss, as the authors fit, on the reference scale of the runs."""
    law = OverTraining()
    inputs = at(runs)
    units = {name: float(np.exp(np.log(values).mean())) for name, values in inputs.items()}
    scaled = {name: values / units[name] for name, values in inputs.items()}
    names = tuple(law.priors)

    def residuals(log_theta: np.ndarray) -> np.ndarray:
        theta = dict(zip(names, np.exp(log_theta), strict=True))
        return law.evaluate(scaled, theta) - runs["loss"].values

    start = np.log([2.0, 0.5, 0.5, 0.15])
    found = optimize.least_squares(residuals, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    return law.rescale({"loss": 1.0, **units}, dict(zip(names, np.exp(found.x), strict=True)))


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_five_runs_give_the_published_constants(shared_data: Path, dataset: str) -> None:
    runs = table(shared_data, dataset, "fit")
    assert len(runs) == 5
    assert refit(runs) == pytest.approx(PUBLISHED[dataset], rel=0.01)


def test_the_two_targets_are_predicted_as_well_as_published(shared_data: Path) -> None:
    targets = table(shared_data, "redpajama", "target")
    predicted = OverTraining().evaluate(at(targets), refit(table(shared_data, "redpajama", "fit")))
    errors = 100 * np.abs(predicted / targets["loss"].values - 1)
    # Per cent: 1.4B at 640 tokens per parameter, 6.9B at 20, printed to four digits.
    assert targets["token_multiplier"].tolist() == [640, 20]
    np.testing.assert_allclose(errors, [0.7103, 0.7320], atol=0.02)


def test_it_is_chinchilla_with_equal_exponents() -> None:
    eta, A, B = 0.17, 400.0, 900.0
    params, tokens = 2e9, 3e11
    chinchilla = Chinchilla.loss(params, tokens, E=1.7, A=A, B=B, alpha=2 * eta, beta=2 * eta)
    ours = OverTraining.loss(
        flops=6 * params * tokens,
        tokens_per_param=tokens / params,
        E=1.7,
        a=A * 6**eta,
        b=B * 6**eta,
        eta=eta,
    )
    assert ours == pytest.approx(chinchilla, rel=1e-12)


@pytest.mark.parametrize("dataset", PUBLISHED)
def test_the_loss_is_least_at_the_derived_ratio(dataset: str) -> None:
    theta = PUBLISHED[dataset]
    best = OverTraining.derived(**{name: theta[name] for name in ("a", "b", "eta")})["M_opt"]
    ratios = best * np.exp(np.linspace(-3, 3, 101))
    for flops in (1e19, 1e24):
        losses = OverTraining.loss(flops=flops, tokens_per_param=ratios, **theta)
        assert ratios[losses.argmin()] == pytest.approx(best)


def test_reducible_loss_falls_alike_at_every_ratio() -> None:
    theta = PUBLISHED["c4"]
    for ratio in (5.0, 640.0):
        loss = OverTraining.loss(np.array([1e19, 1e22]), ratio, **theta)
        slope = np.diff(np.log(loss - theta["E"])) / np.log(1e3)
        assert slope[0] == pytest.approx(-theta["eta"])


@pytest.mark.slow
def test_recovers_its_truth(recovers: Callable[..., None], crossed: Callable[..., object]) -> None:
    target = {"flops": 1e22, "tokens_per_param": 640.0}
    design = crossed(
        flops=np.geomspace(1e17, 1e21, 10), tokens_per_param=[5.0, 20.0, 80.0, 320.0, 640.0]
    )
    recovers(OverTraining(), design, PUBLISHED["redpajama"], target)
