"""Routed and dense language models: Clark et al. (2022)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_scaling.datasets.public.table import PublicTable
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


TABLE = PublicTable(
    name="routed_lm",
    about="dense and routed language models, with their validation loss",
    runs=223,
    size=336_608,
    licence="CC-BY-4.0",
    papers={"clark2022unified": "2202.01169"},
    repository="google-deepmind/scaling_laws_for_routing",
    commit="42da0c392b127df2c01fa7b705f72396050d05e5",
    files={
        "data/curves.csv.gz": "c03e7531add85e594f368d33bac4a0220280be858a7ed12d147cf73af6a3819f"
    },
    tidy=tidy,
)
