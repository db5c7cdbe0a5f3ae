"""Benchmark accuracies of open models: Ruan et al. (2024)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_scaling.runs import Runs

_COLUMNS = {
    "Model": "run",
    "Model Family": "family",
    "MMLU": "mmlu",
    "ARC-C": "arc_c",
    "HellaSwag": "loss",
    "Winograd": "winogrande",
    "TruthfulQA": "truthfulqa",
    "GSM8K": "gsm8k",
    "XWinograd": "xwinograd",
    "HumanEval": "humaneval",
}

_BEYOND = 1e14
"""More tokens than any of these models saw: a thousandfold slip in one row."""


def tidy(files: list[Path]) -> Runs:
    """Models of known tokens; the response is the accuracy on HellaSwag, others stand beside it.

    Left out are models whose tokens are not known, or slipped by a thousandfold (BTLM).
    """
    published = pd.read_csv(files[0]).rename(columns=_COLUMNS)
    tokens = 1e12 * published["Pretraining Data Size (T)"]
    table = published[[*_COLUMNS.values()]].assign(
        params=1e9 * published["Model Size (B)"], tokens=tokens
    )
    return Runs.from_frame(
        table[tokens < _BEYOND], factors=["family"], run="run", response="accuracy"
    )
