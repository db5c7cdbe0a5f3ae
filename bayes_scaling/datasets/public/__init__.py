"""Published tables: origin, licence, papers and checksums in `tables.toml`, tidying one a file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bayes_scaling.datasets.public import (
    benchmarks,
    chinchilla,
    datablations,
    gadre,
    routed,
    schedules,
)
from bayes_scaling.datasets.public.table import PublicTable, checksums

__all__ = ["TABLES", "PublicTable"]

_TIDY = {
    "chinchilla": chinchilla.tidy,
    "gadre_overtraining": gadre.tidy,
    "datablations": datablations.tidy,
    "routed_lm": routed.tidy,
    "schedule_curves": schedules.tidy,
    "llm_benchmarks": benchmarks.tidy,
}

_STORED = tomllib.loads(Path(__file__).with_name("tables.toml").read_text(encoding="utf-8"))

TABLES: Mapping[str, PublicTable] = MappingProxyType(
    {
        name: PublicTable(**{"name": name, "files": checksums(name), "tidy": _TIDY[name], **stored})
        for name, stored in _STORED.items()
    }
)
"""Every table that can be loaded, by name."""
