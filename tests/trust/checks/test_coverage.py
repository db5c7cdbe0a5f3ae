"""The check of calibration, with fits that stand in for the refits of simulated sweeps."""

from collections.abc import Callable
from dataclasses import replace

import pytest

import bayes_scaling as bs
from bayes_scaling.trust import assessing
from bayes_scaling.trust.case import Case
from bayes_scaling.trust.checks.coverage import check_calibration
from bayes_scaling.validation.verdict import CannotJudge

Install = Callable[..., None]
MakeCase = Callable[..., Case]


def test_intervals_that_hold_are_trusted(
    stored_fit: bs.ScalingFit, stored_case: MakeCase, stand_in: Install
) -> None:
    stand_in(stored_fit)
    found = check_calibration(stored_case(level="full"))
    assert set(found.by_point) == {"trust"}
    assert found.headline.endswith("17 or fewer would be too few.")
    held = found.table.loc["expected_loss[0]", "held"]
    assert found.headline.startswith(
        f"In {held} of 24 sweeps simulated at this design the 90 % interval"
    )
    assert found.table.attrs["calibration"].tree["prior_sbc"].sizes["draw"] == 24


def test_intervals_that_are_a_third_as_wide_are_not(
    stored_fit: bs.ScalingFit, stored_case: MakeCase, stand_in: Install
) -> None:
    stand_in(stored_fit, share=1 / 3)
    found = check_calibration(stored_case(level="full"))
    assert found.by_point[0] == "do not trust"
    assert "trust" not in found.by_point
    # 42 % of 24 is 10.
    assert 4 <= found.table.loc["expected_loss[0]", "held"] <= 15
    assert found.table.loc["expected_loss[0]", "p_so_few"] < 0.0005


def test_a_parameter_that_is_missed_is_a_doubt(
    stored_fit: bs.ScalingFit, stored_case: MakeCase, stand_in: Install
) -> None:
    # The expected loss is computed from E on the reference scale, which stays.
    stand_in(stored_fit, share=1 / 3, only=["E"])
    found = check_calibration(stored_case(level="full"))
    assert set(found.by_point) == {"caution"}
    assert "Of the parameters E[" in found.headline


def test_a_prior_of_the_noise_is_none(
    stored_fit: bs.ScalingFit, stored_case: MakeCase, stand_in: Install
) -> None:
    stand_in(stored_fit, share=1 / 10, only=["noise_sd", "noise_df"])
    found = check_calibration(stored_case(level="full"))
    assert found.table.loc["noise_df", "p_so_few"] < 0.0005
    assert set(found.by_point) == {"trust"}


def test_too_few_refits_are_no_evidence(
    stored_fit: bs.ScalingFit, stored_case: MakeCase, stand_in: Install
) -> None:
    stand_in(stored_fit, failing={str(number) for number in range(13)})
    with pytest.raises(CannotJudge, match=r"13 of 24 .* \(the first: .*stuck\), too many"):
        check_calibration(stored_case(level="full"))
    stand_in(stored_fit, failing={str(number) for number in range(24)})
    result = assessing.run_check("calibration", check_calibration, stored_case(level="full"))
    assert result.verdict == "caution"
    assert "none of 24 simulated sweeps" in result.headline


def test_only_a_full_report_has_it(
    stored_fit: bs.ScalingFit, stand_in: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(stored_fit)
    monkeypatch.setattr(assessing, "CHECKS", {"calibration": check_calibration})
    at = bs.forecast(stored_fit, params=[1e9], tokens=[2e10])
    report = bs.assess(stored_fit, at, level="full", progress=False)
    assert report["calibration"].verdict == "trust"
    assert report["calibration"].seconds > 0
    with pytest.raises(KeyError, match="No check 'calibration'"):
        bs.assess(replace(stored_fit), at, progress=False)["calibration"]
