"""The file of a fit to curves: a round trip, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling import schedules
from bayes_scaling.errors import FitFileError, UnknownLawError
from bayes_scaling.schedules.curve_model import CurveModel


@pytest.fixture
def fit(near_published: Callable[..., schedules.CurveFit]) -> schedules.CurveFit:
    return near_published()


def test_a_saved_fit_comes_back_and_forecasts_the_same(
    fit: schedules.CurveFit, tmp_path: Path
) -> None:
    again = schedules.load_fit(fit.save(tmp_path / "curves.nc"))
    assert again.law == fit.law
    assert again.model.chosen == fit.model.chosen
    assert again.settings == fit.settings
    xr.testing.assert_identical(again.posterior, fit.posterior)
    xr.testing.assert_identical(again.sample_stats, fit.sample_stats)
    pd.testing.assert_frame_equal(again.curves.table, fit.curves.table)
    assert list(again.curves.schedules) == list(fit.curves.schedules)
    asked = {"half": schedules.cosine(3e-4, 3e-5, 12_000, 2160)}
    forecasts = [schedules.forecast(one, asked, seed=1).draws for one in (again, fit)]
    xr.testing.assert_identical(*forecasts)


def test_law_priors_and_points_are_kept(
    fit: schedules.CurveFit, tmp_path: Path, simulated: schedules.Curves
) -> None:
    law = schedules.Annealing(decay=0.99)
    model = CurveModel(law, {"alpha": bs.Prior.between(0.3, 0.5)}, points=20)
    like = fit.posterior["L0"]
    names = [*model.sampled_priors, *law.priors]
    posterior = fit.posterior.assign(dict.fromkeys(names, like))
    made = schedules.CurveFit(model, simulated, posterior, fit.sample_stats, fit.settings)
    again = schedules.load_fit(made.save(tmp_path / "annealing.nc")).model
    assert again.law == law
    assert again.chosen == model.chosen
    assert again.points == 20


def test_a_law_of_the_users_own_comes_back_once_it_is_defined(
    fit: schedules.CurveFit, tmp_path: Path
) -> None:
    class OwnPower(schedules.MultiPower):
        pass

    made = replace(fit, model=CurveModel(OwnPower()))
    path = made.save(tmp_path / "own.nc")
    assert schedules.load_fit(path).model.law == OwnPower()
    OwnPower.__name__ = "Another"
    with pytest.raises(UnknownLawError, match="No law 'OwnPower' is defined"):
        schedules.load_fit(path)


def test_fits_to_runs_and_to_curves_are_told_apart(
    fit: schedules.CurveFit, stored_fit_path: Path, tmp_path: Path
) -> None:
    with pytest.raises(FitFileError, match=r"is a fit to runs.*with bs\.load_fit"):
        schedules.load_fit(stored_fit_path)
    path = fit.save(tmp_path / "curves.nc")
    with pytest.raises(FitFileError, match=r"is a fit to curves.*with bs\.schedules\.load_fit"):
        bs.load_fit(path)


def test_a_file_without_its_curves_is_refused(fit: schedules.CurveFit, tmp_path: Path) -> None:
    path = fit.save(tmp_path / "curves.nc")
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        cut = tree.load().drop_nodes("schedules")
    cut.to_netcdf(tmp_path / "cut.nc", engine="h5netcdf")
    with pytest.raises(FitFileError, match="lacks 'schedules'"):
        schedules.load_fit(tmp_path / "cut.nc")


def test_draws_of_another_law_are_refused(fit: schedules.CurveFit, tmp_path: Path) -> None:
    other = schedules.CurveFit(
        fit.model, fit.curves, fit.posterior.drop_vars("gamma"), fit.sample_stats, fit.settings
    )
    path = other.save(tmp_path / "curves.nc")
    with pytest.raises(FitFileError, match=r"draws of MultiPower\(\).*'gamma'"):
        schedules.load_fit(path)
