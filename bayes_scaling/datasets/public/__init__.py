"""Published tables, one a file: origin, licence, papers, checksums and tidying."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bayes_scaling.datasets.public import (
    benchmarks,
    chinchilla,
    datablations,
    gadre,
    routed,
    schedules,
)
from bayes_scaling.datasets.public.table import PublicTable

__all__ = ["TABLES", "PublicTable"]

TABLES: Mapping[str, PublicTable] = MappingProxyType(
    {
        module.TABLE.name: module.TABLE
        for module in (chinchilla, gadre, datablations, routed, schedules, benchmarks)
    }
)
"""Every table that can be loaded, by name."""
