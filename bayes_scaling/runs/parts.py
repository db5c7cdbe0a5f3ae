"""The parts that runs are made of, as every reader returns them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from bayes_scaling.runs.cells import Response


@dataclass(frozen=True, eq=False)
class Parts:
    """The arguments of `Runs`, by name: what a reader made of its source."""

    table: pd.DataFrame
    inputs: tuple[str, ...]
    factors: tuple[str, ...]
    response: Response
    left_out: tuple[str, ...]
    sources: Mapping[str, str]
    remarks: tuple[str, ...]
    urls: Mapping[str, str] = field(default_factory=dict)

    def with_origin(
        self,
        remarks: Iterable[str] = (),
        sources: Mapping[str, str] | None = None,
        urls: Mapping[str, str] | None = None,
    ) -> "Parts":
        """Return the parts with remarks, origins and web pages that their source gives.

        Parameters
        ----------
        remarks
            Sentences on the source, before those on the table.
        sources
            What columns were made of.
        urls
            Web pages of runs that the source held, whether or not they were taken.
        """
        return replace(
            self,
            remarks=(*remarks, *self.remarks),
            sources={**self.sources, **(sources or {})},
            urls={**(urls or {}), **self.urls},
        )
