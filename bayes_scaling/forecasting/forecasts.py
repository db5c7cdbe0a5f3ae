"""forecast(): the loss to expect at runs not yet made, with its uncertainty.

`expected_loss` is that of the surface: the law and what it leaves out. `loss` is that of one new
run, which also scatters. The latter is a *prediction*: whoever makes the run can check it. The
former, like a floor or a best split, is a *projection*: no run shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import intervals
from bayes_scaling.display.tables import coordinate_index
from bayes_scaling.errors import RunsError, check_kind
from bayes_scaling.fitting.average import FitAverage, Fitted, check_is_fit, parts
from bayes_scaling.fitting.mixture import average_points, mixture
from bayes_scaling.fitting.posterior import new_runs
from bayes_scaling.fitting.posterior_surface import labelled
from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.forecasting.drawn_result import DrawnResult
from bayes_scaling.forecasting.sealed import SealedForecast, sealed
from bayes_scaling.model.hierarchy import NewLevels
from bayes_scaling.model.points import At, Numbers, points
from bayes_scaling.model.reach import reach


@dataclass(frozen=True, repr=False, eq=False)
class Forecast(DrawnResult[Fitted]):
    """Draws of the loss at points asked for.

    Attributes
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``expected_loss`` and ``loss``, in the unit of the runs' loss, and ``miss``, what is in the
        logarithm of both because laws miss beyond the runs; the inputs and the labels of factors
        are coordinates of ``point``. The table has ``times_largest_run`` and ``miss_share`` beside
        the losses.
    fit : ScalingFit or FitAverage
        What it was made from.
    new_levels : {"error", "draw", "typical"}
        What levels that were not fitted got.
    """

    new_levels: NewLevels = "error"

    shown: ClassVar[tuple[str, ...]] = ("expected_loss", "loss")

    @property
    def points(self) -> pd.DataFrame:
        """Inputs and levels of the points, a row for each."""
        return coordinate_index(self.draws["point"]).to_frame(index=False)

    def miss_share(self, prob: float | None = None) -> pd.Series[float]:
        """Share of the width of a new run's interval that comes from extrapolation.

        Zero inside the runs: there the interval is that of posterior and scatter alone.

        Parameters
        ----------
        prob : float, optional
            Probability of the interval, 0.9 if not given.
        """
        without = self.draws["loss"] / np.exp(self.draws["miss"])
        both = xr.concat([without, self.draws["loss"]], "of")
        ends = intervals(both, prob)
        widths = ends["upper"] - ends["lower"]
        share = (1 - widths[0] / widths[1]).clip(min=0.0).values
        return pd.Series(share, coordinate_index(self.draws["point"]), name="miss_share")

    def times_largest_run(self) -> pd.Series[float]:
        """Size of each point as a multiple of the largest run of its level.

        Its compute, or the first input of a law that knows none. Of an average, by the fit from
        whose runs it lies farthest.
        """
        where = self.points.rename_axis("point").to_xarray()
        decades = [reach(part.fit.model, part.fit.runs, where) for part in parts(self.fit)]
        factors = 10 ** np.max([one.to_numpy() for one in decades], axis=0)
        return pd.Series(factors, coordinate_index(self.draws["point"]), name="times_largest_run")

    def _further(self, prob: float | None) -> dict[str, np.ndarray]:
        return {
            "times_largest_run": self.times_largest_run().to_numpy(),
            "miss_share": self.miss_share(prob).to_numpy(),
        }

    def probability_below(self, target: float | Sequence[float]) -> pd.DataFrame:
        """Probability that the loss is below a target.

        Parameters
        ----------
        target : float or sequence of float
            Loss, in the unit of the runs; one for all points, or one for each.

        Returns
        -------
        pandas.DataFrame
            By point: ``target``, ``expected_loss`` (that the surface lies below) and ``loss``
            (that a new run's is).
        """
        size = self.draws.sizes["point"]
        if np.size(target) not in (1, size):
            raise RunsError(
                f"There are {np.size(target)} targets for {size} points, so they cannot be "
                "paired. Give one target, or one for each point."
            )
        targets = xr.DataArray(np.broadcast_to(np.ravel(target), size), dims="point")
        below = (self.draws[["expected_loss", "loss"]] < targets).mean(("chain", "draw"))
        columns = {"target": targets.values}
        columns |= {str(name): below[name].values for name in below.data_vars}
        return self._columns(self.draws["point"], columns)

    def seal(self, path: str | Path, question: str = "") -> SealedForecast:
        """Write the forecast, dated and with its hash, to be scored when the runs are made.

        Note the hash where others can see its date, such as a commit or a message: a file alone
        shows a change of its content, but not that it was written anew with another hash.

        Parameters
        ----------
        path : str or Path
            A JSON file that does not exist yet.
        question : str
            What is asked, in words.

        Returns
        -------
        SealedForecast
            Its ``sha256`` is what to note. :func:`bayes_scaling.score` scores it.

        Raises
        ------
        SealError
            There is such a file, or it cannot be written.
        """
        made = sealed(self.draws, self.fit, question)
        made.write(path)
        return made


def forecast(
    fit: Fitted,
    params: Numbers | None = None,
    tokens: Numbers | None = None,
    flops: Numbers | None = None,
    *,
    at: At | None = None,
    new_levels: NewLevels = "error",
    seed: int | None = None,
) -> Forecast:
    """Forecast the loss of runs not yet made.

    Inside the runs and beyond them it is the same surface: the law, what it leaves out, and beyond
    the largest run how much faster or slower than the law says the loss may fall, for how much
    longer, and how far the best ratio of tokens to parameters may move. These were learned from
    public sweeps (``tests/benchmarks/test_extrapolation.py``, ``test_best_sizes.py``).

    Parameters
    ----------
    fit : ScalingFit or FitAverage
        An average forecasts with each of its fits, and mixes the draws.
    params, tokens, flops : float or array
        Parameters, training tokens, FLOP of each run, of which two give the third: C = 6ND, or for
        a law that reads compute, as the runs typically count it.
    at : pandas.DataFrame or mapping, optional
        The runs as a table, with a column for each input and factor. A factor of the model that is
        left out is crossed with the runs: a point for each fitted level.
    new_levels : {"error", "draw", "typical"}
        What a level that was not fitted gets: an error, an offset drawn from the fitted spread
        between levels (one for all points of that level), or none.
    seed : int, optional
        Seed of the new run's scatter and of new levels; that of the fit if not given. Two forecasts
        by one seed scatter alike, so that they differ by what was asked and not by chance: for how
        likely one run is to come out below another, ask both in one forecast.

    Raises
    ------
    RunsError
        An input of the law is missing or not positive, or a level was not fitted.
    """
    check_is_fit(fit, "forecast")
    check_kind("forecast", "seed", seed, Integral, "1")
    given = {"params": params, "tokens": tokens, "flops": flops}
    chosen = fit.settings.seed if seed is None else seed
    if isinstance(fit, FitAverage):
        draws = average_draws(fit, average_points(fit, given, at, new_levels), new_levels, chosen)
    else:
        where = points(fit.model, fit.runs, **given, at=at, new_levels=new_levels)
        draws = forecast_draws(fit, where, new_levels, chosen)
    return Forecast(draws, fit, new_levels)


def forecast_draws(
    fit: ScalingFit,
    where: xr.Dataset,
    new_levels: NewLevels,
    seed: int,
    scatter: Callable[..., xr.DataArray] = new_runs,
    misses: bool = True,
) -> xr.Dataset:
    """Draws of the expected loss and of a new run's at points, and how far they leave the law.

    Points are made by :func:`bayes_scaling.model.points.points`. `scatter` draws new runs as
    :func:`bayes_scaling.fitting.posterior.new_runs` does. `miss` takes the surface a second time,
    and is left out without `misses`.
    """
    rng = np.random.default_rng(seed)
    surface = fit.surface_at(where, new_levels, rng)
    expected = labelled(surface.loss(where), where, fit.model)
    loss = scatter(fit.posterior, fit.model, fit.runs, expected, where, rng)
    draws = xr.Dataset({"expected_loss": expected, "loss": loss})
    if not misses:
        return draws
    went_on = labelled(surface.inside.loss(where), where, fit.model)
    return draws.assign(miss=np.log(expected / went_on))


def average_draws(
    average: FitAverage,
    places: Mapping[str, xr.Dataset],
    new_levels: NewLevels,
    seed: int,
    draws_of: Callable[..., xr.Dataset] = forecast_draws,
) -> xr.Dataset:
    """Mixture of the draws of the fits, of forecasts if not told otherwise.

    A draw is of one fit at all points.
    """
    parts = {
        name: draws_of(average.fits[name], where, new_levels, seed)
        for name, where in places.items()
    }
    return mixture(average, parts, seed)
