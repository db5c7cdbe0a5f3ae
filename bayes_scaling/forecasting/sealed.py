"""Sealed forecasts: a forecast, its date and its source in a file that shows any change.

The file is JSON with the quantiles of the forecast and the SHA-256 of its own content. Scores are
in :mod:`bayes_scaling.validation.track_record`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr

from bayes_scaling.display.intervals import SAMPLE_DIMS, interval_prob
from bayes_scaling.display.tables import Result, coordinate_index
from bayes_scaling.display.wording import per_cent
from bayes_scaling.errors import SealError
from bayes_scaling.fitting.average import FitAverage, Fitted
from bayes_scaling.fitting.provenance import table_digest, versions

FORMAT = 1

LEVELS = (0.005, *(percent / 100 for percent in range(1, 100)), 0.995)
"""Probabilities of the quantiles that are kept."""

WIDEST = LEVELS[-1] - LEVELS[0]

QUANTITIES = ("expected_loss", "loss")


@dataclass(frozen=True, repr=False)
class SealedForecast(Result):
    """A dated forecast with its source and its hash.

    Made by :meth:`bayes_scaling.Forecast.seal`, read by :meth:`read`.

    Attributes
    ----------
    sealed_at : str
        Date and time in UTC, ISO 8601.
    question : str
        In the forecaster's words.
    model : str
        The model that was fitted, or the weights of an average.
    response : str
        What ``loss`` stands for: ``"loss"``, ``"accuracy"`` or ``"metric"``.
    runs : int
        How many runs were fitted.
    table_sha256 : str
        Of their table, as the report gives it.
    diagnosis : str
        ``"ok"``, or what was wrong with the posterior.
    versions : mapping of str to str
    points : tuple of mapping
        Inputs and levels of factors of each run that was forecast.
    expected_loss, loss : tuple of tuple of float
        For each point the quantiles at `LEVELS`. ``loss``, that of the run, is a prediction: the
        run will show it. ``expected_loss`` is a projection, the mean of runs that nobody makes.
    """

    sealed_at: str
    question: str
    model: str
    response: str
    runs: int
    table_sha256: str
    diagnosis: str
    versions: Mapping[str, str]
    points: tuple[Mapping[str, float | str], ...]
    expected_loss: tuple[tuple[float, ...], ...]
    loss: tuple[tuple[float, ...], ...]

    @property
    def content(self) -> dict[str, Any]:
        """All that the hash is of, as plain JSON values."""
        return {"format": FORMAT, "levels": LEVELS, **asdict(self)}

    @property
    def sha256(self) -> str:
        """SHA-256 of the content as JSON with sorted keys and without spaces."""
        return _digest(self.content)

    def write(self, path: str | Path) -> Path:
        """Write the file, which must not exist yet.

        Raises
        ------
        SealError
            There is such a file, or it cannot be written.
        """
        lines = [
            f"  {json.dumps(name)}: {json.dumps(value)}"
            for name, value in {**self.content, "sha256": self.sha256}.items()
        ]
        text = "{\n" + ",\n".join(lines) + "\n}\n"
        try:
            with Path(path).open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError:
            raise SealError(
                f"There is a file {str(path)!r} already. What is sealed is not replaced, or "
                "nobody could rely on it. Give another name, such as one with the date."
            ) from None
        except OSError as error:
            raise SealError(
                f"The forecast cannot be sealed in {str(path)!r}: {error}. Nothing was written. "
                "Choose a folder that exists and can be written to."
            ) from error
        return Path(path)

    @classmethod
    def read(cls, path: str | Path, sha256: str | None = None) -> Self:
        """Read a sealed forecast, and refuse one that was changed.

        Parameters
        ----------
        path : str or Path
        sha256 : str, optional
            The hash that was noted elsewhere when it was sealed. Only this guards against a file
            that was written anew, hash and all.

        Raises
        ------
        SealError
            The file is missing, is no sealed forecast, or was changed since it was sealed.
        """
        content, written = _stored(Path(path))
        found = _digest(content)
        for expected, said in (
            (written, f"the file says {written}"),
            (sha256, f"{sha256} was noted"),
        ):
            if expected is not None and found != expected:
                raise SealError(
                    f"{str(path)!r} was changed since it was sealed: its content has SHA-256 "
                    f"{found}, and {said}. It is no longer what was forecast, and scores of it "
                    "would mean nothing. Restore the file as it was sealed."
                )
        return _restored(cls, content)

    def quantile(self, quantity: str, level: float) -> np.ndarray:
        """Quantile of ``expected_loss`` or ``loss`` at each point, dims (point,)."""
        rows = getattr(self, quantity)
        return np.array([np.interp(level, LEVELS, row) for row in rows])

    def table(self, prob: float | None = None) -> pd.DataFrame:
        """Median and equal-tailed interval of the expected loss and of the run's, by point.

        Parameters
        ----------
        prob : float, optional
            Probability of the intervals, at most 0.99; 0.9 if not given.

        Raises
        ------
        SealError
            An interval wider than the quantiles that were kept.
        """
        tail = (1 - checked_prob(prob)) / 2
        ends = {"median": 0.5, "lower": tail, "upper": 1 - tail}
        columns = {
            (name, end): self.quantile(name, level)
            for name in QUANTITIES
            for end, level in ends.items()
        }
        index = pd.MultiIndex.from_frame(pd.DataFrame(list(self.points)))
        table = pd.DataFrame(columns, index=index)
        table["diagnosis", ""] = self.diagnosis
        table.attrs = {"ci_kind": "eti", "ci_prob": 1 - 2 * tail, "notes": self.notes}
        return table

    @property
    def notes(self) -> tuple[str, ...]:
        """Date, question and hash."""
        asked = (self.question,) if self.question else ()
        made = f"{self.model}, {self.runs} runs"
        return (*asked, f"Sealed {self.sealed_at}: {made}.", f"SHA-256 {self.sha256}.")


def sealed(draws: xr.Dataset, fit: Fitted, question: str) -> SealedForecast:
    """The forecast with these draws, dated now.

    Parameters
    ----------
    draws : xarray.Dataset, dims (chain, draw, point)
        ``expected_loss`` and ``loss``; what describes a point is a coordinate of it.
    """
    quantiles = draws[list(QUANTITIES)].quantile(LEVELS, SAMPLE_DIMS)
    described = coordinate_index(draws["point"]).to_frame(index=False)
    return SealedForecast(
        sealed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        question=question,
        model=fit.description if isinstance(fit, FitAverage) else repr(fit.model),
        response=fit.runs.response,
        runs=len(fit.runs),
        table_sha256=table_digest(fit.runs),
        diagnosis=fit.diagnostics.diagnosis,
        versions=versions(),
        points=tuple(json.loads(described.to_json(orient="records", double_precision=15))),
        expected_loss=_rows(quantiles["expected_loss"]),
        loss=_rows(quantiles["loss"]),
    )


def checked_prob(prob: float | None) -> float:
    """Probability of an interval, refused beyond the quantiles that were kept."""
    chosen = interval_prob(prob)
    if chosen > WIDEST + 1e-12:
        raise SealError(
            f"prob={chosen}: a sealed forecast holds quantiles from {per_cent(LEVELS[0], 1)} to "
            f"{per_cent(LEVELS[-1], 1)}, and says nothing of what lies beyond. Ask for at most "
            f"{WIDEST:.2f}."
        )
    return chosen


def _rows(quantiles: xr.DataArray) -> tuple[tuple[float, ...], ...]:
    """Quantiles by point, to the six digits that any draw is good for."""
    values = quantiles.transpose("point", "quantile").values
    return tuple(tuple(float(f"{value:.6g}") for value in row) for row in values)


def _stored(path: Path) -> tuple[dict[str, Any], str]:
    """Content and hash as they stand in a file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        written = str(content.pop("sha256"))
        found = content["format"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SealError(
            f"{str(path)!r} is no sealed forecast ({type(error).__name__}: {error}), so there is "
            "nothing to score. Give a file made by forecast.seal(path)."
        ) from error
    if found != FORMAT:
        raise SealError(
            f"{str(path)!r} has format {found}, and this version reads format {FORMAT}. Its "
            "numbers may mean something else. Read it with the version that it names."
        )
    return content, written


def _restored[T](kind: type[T], content: Mapping[str, Any]) -> T:
    """The value of a content; lists become tuples again."""
    fields = {name: value for name, value in content.items() if name not in ("format", "levels")}
    rows = {name: tuple(tuple(row) for row in fields[name]) for name in QUANTITIES}
    return kind(**{**fields, **rows, "points": tuple(fields["points"])})


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
