"""Coverage of parameters and final losses, over simulated sets of curves."""

import numpy as np
import pytest

from bayes_scaling import schedules
from bayes_scaling.schedules.misfit import PRIORS

PEAK, END, WARMUP, SETS = 3e-4, 3e-5, 2000, 20
FITTED = {
    "constant": schedules.constant(PEAK, 20_000, WARMUP),
    "cosine": schedules.cosine(PEAK, END, 20_000, WARMUP),
    "sudden": schedules.stages([PEAK, 9e-5], [8000, 8000], WARMUP),
}
NEW = {
    "wsd": schedules.wsd(PEAK, 0.0, 20_000, 4000, WARMUP),
    "long cosine": schedules.cosine(PEAK, END, 40_000, WARMUP),
}

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]


def covers_one(seed: int) -> tuple[list[bool], list[bool], float]:
    """Tell which 90 % intervals hold their parameter, which their final loss, and its error."""
    law, rng = schedules.MultiPower(), np.random.default_rng(seed)
    published = law.published[("25M", "100M", "400M")[seed % 3]]
    truth = {name: value * np.exp(0.1 * rng.standard_normal()) for name, value in published.items()}
    misses = {name: float(prior.sample(1, rng)[0]) for name, prior in PRIORS.items()}
    curves = schedules.simulate(law, truth, {**FITTED, **NEW}, seed=seed, **misses)
    shown = curves.table[curves.table["curve"].isin(FITTED)]
    fit = schedules.fit(
        schedules.Curves.from_frame(shown, FITTED), draws=500, chains=2, seed=seed, progress=False
    )
    table = fit.summary(prob=0.9)
    parameters = [
        bool(row.lower < truth[name] < row.upper) for name, row in table.loc[list(truth)].iterrows()
    ]
    final = schedules.forecast(fit, NEW).final(prob=0.9)
    happened = curves.table.groupby("curve")["loss"].last()
    held, errors = [], []
    for name in NEW:
        row, loss = final.loc[name].iloc[0], happened[name]
        held.append(bool(row["loss", "lower"] < loss < row["loss", "upper"]))
        errors.append(abs(row["loss", "median"] / loss - 1))
    return parameters, held, float(np.mean(errors))


def test_intervals_hold_what_they_should() -> None:
    results = [covers_one(seed) for seed in range(SETS)]
    parameters = np.mean([found for found, _, _ in results], axis=0)
    held = np.mean([found for _, found, _ in results], axis=0)
    error = np.mean([found for _, _, found in results])
    names = schedules.MultiPower().priors
    print({name: round(float(share), 2) for name, share in zip(names, parameters, strict=True)})
    print(dict(zip(NEW, held.tolist(), strict=True)), f"mean error {error:.2%}")
    # Of 140 intervals of 90 %, those of one set going together: three standard errors.
    assert parameters.mean() > 0.8
    assert held.mean() > 0.75
