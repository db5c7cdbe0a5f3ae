"""Over-trained models on three corpora: Gadre et al. (2024)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.runs import Runs

_CORPORA = {"c4_original": "c4", "rpj": "redpajama", "rw_original": "refinedweb"}

_EVALUATIONS = {
    "openlm": "loss_openlm",
    "c4_val": "loss",
    "paloma_c4_en": "loss_paloma_c4_en",
    "paloma_dolma_100_programing_languages": "loss_paloma_dolma_100_programing_languages",
    "paloma_falcon-refinedweb": "loss_paloma_falcon_refinedweb",
    "paloma_ptb": "loss_paloma_ptb",
    "paloma_redpajama": "loss_paloma_redpajama",
    "de-en": "loss_val_de_en_100",
}
"""Column of each validation set, by the folder of its files."""

_LARGE = ("open_lm_1b", "open_lm_7b")


def tidy(files: list[Path]) -> Runs:
    """Runs with the loss on C4, seven further losses, and their part in the paper."""
    table = pd.DataFrame([_row(json.loads(file.read_text(encoding="utf-8"))) for file in files])
    return Runs.from_frame(table, params="params", factors=["corpus"], run="run")


def _row(published: Mapping[str, Any]) -> dict[str, object]:
    settings = published["hyperparameters"]
    multiplier = 20 * settings["chinchilla_multiplier"]
    model = Path(settings["model"]).stem
    return {
        "run": published["name"],
        "corpus": _CORPORA[published["dataset_name"]],
        "model": model,
        "params": settings["params"],
        "params_non_embedding": settings["params_no_embed"],
        "tokens": settings["tokens"],
        "token_multiplier": multiplier,
        "lr": settings["lr"],
        "role": _role(model, multiplier),
        **{_EVALUATIONS[r["val_data"][0].split("/")[-2]]: r["loss"] for r in published["results"]},
    }


def _role(model: str, multiplier: float) -> str:
    """Part of a run in the paper (section 4): five a corpus are fitted, larger ones predicted."""
    if model == "open_lm_1b" and multiplier == 20:
        return "fit_error_only"
    if model in _LARGE:
        return "target"
    fitted = multiplier == 20 or (model == "d=96_l=8_h=4" and multiplier == 320)
    return "fit" if fitted else "other"
