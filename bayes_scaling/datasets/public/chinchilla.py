"""Chinchilla's runs, read off a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bayes_scaling.datasets.public.table import PublicTable
from bayes_scaling.runs import Runs
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

_OUTLIERS = 5


def tidy(files: list[Path]) -> Runs:
    """Runs with compute as plotted, tokens from C = 6ND, and ``outlier``: the five highest."""
    published = pd.read_csv(files[0])
    params, flops = published["Model Size"], published["Training FLOP"]
    table = pd.DataFrame(
        {
            "params": params,
            "tokens": flops / (FLOPS_PER_PARAM_TOKEN * params),
            "flops": flops,
            "loss": published["loss"],
            "outlier": published["loss"].rank(ascending=False) <= _OUTLIERS,
        }
    )
    return Runs.from_frame(table)


TABLE = PublicTable(
    name="chinchilla",
    about="Chinchilla's sweep on MassiveText, read off a figure",
    runs=245,
    size=23_224,
    licence="none stated",
    papers={"hoffmann2022training": "2203.15556", "besiroglu2024chinchilla": "2404.10102"},
    repository="epoch-research/analyzing-chinchilla",
    commit="92258837425e1b5f2851d624287f0120583a3d0e",
    files={
        "data/svg_extracted_data.csv": (
            "193478df4e90f040016431996c45682659306840ecdadf83cfb9cd5ca0aa1b30"
        )
    },
    tidy=tidy,
)
