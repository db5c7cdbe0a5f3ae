"""The loss of runs that were not trained, and forecasts sealed before the runs were made."""

from bayes_scaling.forecasting.forecasts import Forecast, forecast
from bayes_scaling.forecasting.sealed import SealedForecast

__all__ = ["Forecast", "SealedForecast", "forecast"]
