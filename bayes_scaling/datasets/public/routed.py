"""Routed and dense language models: Clark et al. (2022)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_scaling.runs import Runs

_TOKENS_PER_STEP = 256 * 2048
"""Sequences of a batch and their length (section 4): 250 000 steps are 130 billion tokens."""

_COLUMNS = {
    "hyper_id": "run",
    "num_experts": "experts",
    "num_blocks": "blocks",
    "router_type": "router",
    "model_size_label": "size",
    "dense_parameter_count": "params",
    "total_parameter_count": "params_total",
    "loss_validation": "loss",
    "loss_pile": "loss_pile_europarl",
}


def tidy(files: list[Path]) -> Runs:
    """Last evaluation of each run; ``params`` are those that one token passes through.

    A loss that the last evaluation lacks is that of an earlier one.
    """
    published = pd.read_csv(files[0]).rename(columns=_COLUMNS)
    last = published.sort_values("step", kind="stable").groupby("run", as_index=False).last()
    main = (last["routing_frequency"] == 0.5) & (last["k"] == 1) & (last["seed"] == 42)
    table = last.assign(
        router=last["router"].str.lower().str.replace("-", "_"),
        size=last["size"].str.lower(),
        tokens=last["step"] * _TOKENS_PER_STEP,
        in_paper_fit=main,
    )
    return Runs.from_frame(table, inputs=["experts"], factors=["router"], run="run")
