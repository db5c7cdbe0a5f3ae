"""Fits are sampled until their chains have converged, or for as long as there is time."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.errors import IncompletePosteriorError
from bayes_scaling.fitting import rounds as _rounds
from bayes_scaling.fitting import scaling_fit as fitting
from bayes_scaling.fitting.diagnostics import Diagnostics, diagnose
from bayes_scaling.fitting.incomplete import StuckChainError
from bayes_scaling.fitting.sampling import Settings
from bayes_scaling.fitting.starting import PLACES
from tests.fitting.test_starting import apart


def _sampler(sample: Callable[..., xr.DataTree]) -> SimpleNamespace:
    """A compiled model that is sampled so, with any data."""
    return SimpleNamespace(of=lambda *asked: SimpleNamespace(sample=sample, density=None))


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch, stored_fit: bs.ScalingFit) -> list[Settings]:
    """Rounds that were sampled: chains far apart until the third, each in no time."""
    asked: list[Settings] = []

    def sample(
        settings: Settings, shown: Any, coordinates: Any, before: xr.DataTree | None
    ) -> xr.DataTree:
        # Each round starts from the one before.
        assert (before is None) == (not asked)
        asked.append(settings)
        between = 0.0 if len(asked) > 2 else 10.0
        chain, shape = np.arange(4.0)[:, None], (4, settings.draws)
        draws = np.random.default_rng(1).standard_normal(shape) + between * chain
        values = xr.Dataset({"E_ref": (("chain", "draw"), draws)})
        never = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(shape, bool))})
        tree = xr.DataTree.from_dict({"posterior": values, "sample_stats": never})
        return tree.assign({PLACES: apart((0.0, 0.0))[PLACES]})

    monkeypatch.setattr(_rounds, "compiled", lambda *asked: _sampler(sample))
    monkeypatch.setattr(fitting, "complete", lambda draws, *rest: draws)
    found = property(lambda fit: diagnose(fit.posterior, fit.sample_stats, ["E_ref"]))
    monkeypatch.setattr(bs.ScalingFit, "diagnostics", found)
    return asked


def test_chains_that_have_not_converged_are_sampled_for_longer(
    rounds: list[Settings], stored_fit: bs.ScalingFit
) -> None:
    fit = bs.fit(stored_fit.model, stored_fit.runs, seed=1, progress=False)
    assert [settings.thin for settings in rounds] == [1, 4, 16]
    assert {(settings.draws, settings.seed) for settings in rounds} == {(1000, 1)}
    assert fit.settings.thin == 16
    assert not fit.diagnostics.problems


@pytest.mark.parametrize(
    ("found", "factor"),
    [
        (Diagnostics(1.004, 900, 800, 0.0), 1),
        (Diagnostics(1.011, 600, 450, 0.0), 2),
        (Diagnostics(1.008, 700, 190, 0.0), 3),
        (Diagnostics(1.3, 12, 30, 0.0), 4),
        (Diagnostics(1.004, 900, 800, 0.02), 4),
        (Diagnostics(np.nan, 900, 800, 0.0), 2),
    ],
)
def test_the_next_round_is_as_long_as_what_is_short_needs(found: Diagnostics, factor: int) -> None:
    """1.3 times 1.1 for R-hat and 1.3 times 2.1 for the tails, and no more than four times."""
    assert _rounds._longer(found) == factor


@pytest.fixture
def stuck_in(rounds: list[Settings], monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Chains get stuck in so many rounds, which are not counted, before they move."""
    sampler = _rounds.compiled().of()

    def install(number: int) -> None:
        left = iter(range(number))

        def sample(*given: Any) -> xr.DataTree:
            if next(left, None) is not None:
                raise StuckChainError("it is stuck")
            return sampler.sample(*given)

        monkeypatch.setattr(_rounds, "compiled", lambda *asked: _sampler(sample))

    return install


@pytest.mark.parametrize(("number", "expected"), [(1, [1, 4, 16]), (2, [4, 16]), (3, [16])])
def test_after_a_stuck_chain_warm_up_is_twice_as_long_and_then_rounds(
    number: int,
    expected: list[int],
    stuck_in: Callable[[int], None],
    rounds: list[Settings],
    stored_fit: bs.ScalingFit,
) -> None:
    stuck_in(number)
    bs.fit(stored_fit.model, stored_fit.runs, seed=1, progress=False)
    assert [settings.thin for settings in rounds] == expected
    assert {settings.tune for settings in rounds} == {2 * _rounds.WARMUP}


def test_a_chain_that_stays_stuck_is_refused(
    stuck_in: Callable[[int], None], stored_fit: bs.ScalingFit
) -> None:
    stuck_in(4)
    with pytest.raises(IncompletePosteriorError, match="it is stuck"):
        bs.fit(stored_fit.model, stored_fit.runs, seed=1, progress=False)
    stuck_in(2)
    with pytest.raises(IncompletePosteriorError, match="it is stuck"):
        bs.fit(stored_fit.model, stored_fit.runs, draws=500, seed=1, progress=False)


@pytest.mark.parametrize(
    ("height", "expected"), [(-50.0, [1, 1, 4]), (-5.0, [1, 4, 16])], ids=["lost", "in a mode"]
)
def test_a_round_in_which_a_chain_got_lost_is_sampled_again_once(
    rounds: list[Settings],
    stored_fit: bs.ScalingFit,
    monkeypatch: pytest.MonkeyPatch,
    height: float,
    expected: list[int],
) -> None:
    sampler = _rounds.compiled().of()

    def sample(*given: Any) -> xr.DataTree:
        return sampler.sample(*given).assign({PLACES: apart((0.0, height, 0.0))[PLACES]})

    monkeypatch.setattr(_rounds, "compiled", lambda *asked: _sampler(sample))
    bs.fit(stored_fit.model, stored_fit.runs, seed=1, progress=False)
    assert [settings.thin for settings in rounds] == expected


def test_draws_that_were_asked_for_are_sampled_once(
    rounds: list[Settings], stored_fit: bs.ScalingFit
) -> None:
    fit = bs.fit(stored_fit.model, stored_fit.runs, draws=500, progress=False)
    assert [(settings.draws, settings.thin) for settings in rounds] == [(500, 1)]
    assert fit.diagnostics.problems


def test_no_round_is_begun_that_would_take_too_long(
    rounds: list[Settings], stored_fit: bs.ScalingFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 20))
    monkeypatch.setattr(_rounds, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    fit = bs.fit(stored_fit.model, stored_fit.runs, progress=False)
    # Twenty seconds, and then four times as many.
    assert [settings.thin for settings in rounds] == [1]
    assert fit.diagnostics.problems
