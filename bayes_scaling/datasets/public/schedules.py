"""Loss curves under nine learning-rate schedules: Luo et al. (2025)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_scaling.runs import Runs


def tidy(files: list[Path]) -> Runs:
    """One row a logged loss, with its ``step`` and the learning rate ``lr`` there.

    The source gives sizes in round millions and no tokens.
    """
    table = pd.concat([_curve(file) for file in files], ignore_index=True)
    return Runs.from_frame(
        table, tokens=False, flops=False, inputs=["step"], factors=["size", "schedule"], run="run"
    )


def _curve(file: Path) -> pd.DataFrame:
    millions = file.parent.name.removeprefix("csv_")
    curve = pd.read_csv(file)
    return curve.assign(
        run=f"{millions}M/{file.stem}/" + curve["step"].astype(str),
        params=float(millions) * 1e6,
        size=f"{millions}M",
        schedule=file.stem,
    )
