"""A plausible sweep for any law, and the recovery of a law's simulated truth, as fixtures."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs


@pytest.fixture
def sweep() -> Callable[[bs.Law, Mapping[str, float]], bs.Runs]:
    """Make runs that lie on a law with parameters in paper units: 21 of all columns at once."""

    def make(law: bs.Law, theta: Mapping[str, float]) -> bs.Runs:
        sizes, ratios = np.meshgrid(np.geomspace(3e7, 3e9, 7), [5.0, 20.0, 80.0])
        table = pd.DataFrame({"params": sizes.ravel(), "tokens": (ratios * sizes).ravel()})
        table["flops"] = 6 * table["params"] * table["tokens"]
        table["unique_tokens"] = table["tokens"] / np.resize([1.0, 4.0], 21)
        table["experts"] = np.resize([1.0, 4.0, 16.0, 64.0], 21)
        table["streams"] = np.resize([1.0, 2.0, 4.0, 8.0], 21)
        table["granularity"] = np.resize([1.0, 2.0, 8.0, 32.0], 21)
        table["learning_rate"] = np.resize([3e-4, 1e-3, 3e-3], 21)
        table["non_vocab_params"] = table["params"]
        table["vocab_params"] = table["params"] ** 0.83 * np.resize([0.5, 1.0, 2.0, 4.0], 21)
        table["activation_ratio"] = np.resize([1 / 64, 1 / 32, 1 / 8, 1 / 2], 21)
        table["weight_bits"] = np.resize([4.0, 8.0, 16.0], 21)
        table["activation_bits"] = np.resize([8.0, 16.0, 5.0, 6.0], 21)
        table["cache_bits"] = np.resize([16.0, 5.0, 4.0, 8.0, 6.0], 21)
        table["teacher_loss"] = np.resize([2.9, 2.6, 2.4, 2.2], 21)
        table["steps"] = np.geomspace(1e4, 3e5, 21)
        table["finetuning_tokens"] = np.geomspace(1e5, 1e9, 21)
        table["examples"] = np.geomspace(100.0, 1000.0, 21)
        table["task_loss"] = np.linspace(4.0, 2.2, 21)
        columns = table.assign(tokens_per_param=table["tokens"] / table["params"])
        table["y"] = law.evaluate({name: columns[name].to_numpy() for name in law.inputs}, theta)
        given = {"params", "tokens", "flops", "tokens_per_param"}
        extra = tuple(name for name in law.inputs if name not in given)
        return bs.Runs.from_frame(table, loss="y", inputs=extra, response=law.responses[0])

    return make


@dataclass(frozen=True)
class Recovery:
    """Over all simulated sweeps: shares of 90 % intervals that cover and of draws that diverge.

    `bias` is by what share the median at the target lies above the truth, on average.
    """

    parameters: float
    target: float
    divergent: float
    bias: float


def _observed(
    law: bs.Law,
    design: pd.DataFrame,
    theta: Mapping[str, float],
    scatter: bs.noise.Noise,
    noise: Mapping[str, float],
    rng: np.random.Generator,
) -> np.ndarray:
    inputs = {name: design[name].to_numpy() for name in law.inputs}
    expected = xr.DataArray(law.evaluate(inputs, theta), dims="run")
    draws = {name: xr.DataArray(value) for name, value in noise.items()}
    return scatter.draw(expected, draws, rng).values


@pytest.fixture
def crossed() -> Callable[..., Callable[[np.random.Generator], pd.DataFrame]]:
    """Make a design for `recovery` of every value of a column with every one of the others."""

    def make(**columns: Iterable[float]) -> Callable[[np.random.Generator], pd.DataFrame]:
        cells = pd.MultiIndex.from_product(columns.values(), names=columns)
        return lambda _: cells.to_frame(index=False)

    return make


@pytest.fixture
def recovery() -> Callable[..., Recovery]:
    """Simulate sweeps from a truth, fit each, and count what the intervals cover.

    A law is fitted alone, without a surface, and with its default priors: the truth follows it.

    Arguments: `model` (a law or ScalingModel), `design` (callable: rng -> DataFrame with the
    law's inputs), `theta` (parameters in paper units), `target` (inputs of the extrapolation),
    `noise` (noise parameters, by default a scatter of 1 % with 4 degrees of freedom), `scatter`
    (the noise that the sweeps are made with, by default the model's), `sweeps`, `response`.
    """

    def run(
        model: bs.ScalingModel | bs.Law,
        design: Callable[[np.random.Generator], pd.DataFrame],
        theta: Mapping[str, float],
        target: Mapping[str, float],
        *,
        noise: Mapping[str, float] | None = None,
        scatter: bs.noise.Noise | None = None,
        sweeps: int = 20,
        response: str = "loss",
    ) -> Recovery:
        if isinstance(model, bs.Law):
            model = bs.ScalingModel(model, surface=None)
        noise = noise or {"noise_sd": 0.01, "noise_df": 4.0}
        truth = float(model.law.evaluate(target, theta))
        inside, reached, divergent, bias = [], [], [], []
        for number in range(sweeps):
            rng = np.random.default_rng(number)
            table = design(rng)
            table["y"] = _observed(model.law, table, theta, scatter or model.noise, noise, rng)
            extra = tuple(
                name
                for name in model.law.inputs
                if name in table and name not in ("params", "tokens", "flops")
            )
            runs = bs.Runs.from_frame(table, loss="y", inputs=extra, response=response)
            fit = bs.fit(model, runs, seed=number, progress=False)
            summary = fit.summary(0.9).loc[list(theta)]
            values = np.array([theta[name] for name in summary.index])
            inside.append((summary["lower"] <= values) & (values <= summary["upper"]))
            draws = fit.expected_loss(at=pd.DataFrame([dict(target)]))
            low, median, high = draws.quantile([0.05, 0.5, 0.95]).values
            reached.append(low <= truth <= high)
            bias.append((median - truth) / abs(truth))
            divergent.append(fit.diagnostics.divergent)
        result = Recovery(*(float(np.mean(found)) for found in (inside, reached, divergent, bias)))
        print(f"{model.law.name}: {result}")  # noqa: T201 - shown by pytest -rP
        return result

    return run


@pytest.fixture
def recovers(recovery: Callable[..., Recovery]) -> Callable[..., None]:
    """Assert that the intervals of a law cover, with the arguments of `recovery`."""

    def run(*arguments: object, **options: object) -> None:
        found = recovery(*arguments, **options)
        # Of twenty 90 % intervals of one quantity 16 or more cover in 96 % of cases.
        assert found.parameters >= 0.8
        assert found.target >= 0.8
        assert found.divergent <= 0.005

    return run
