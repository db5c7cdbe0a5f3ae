"""Floors in nats per token, by the text they are of and the tokenizer that counts its tokens.

A floor is the loss that no model gets below. It is a number of nats *per token*: the same text has
another one under another tokenizer, so that no floor may be carried from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from bayes_scaling.display.wording import meant
from bayes_scaling.errors import ModelError
from bayes_scaling.priors.prior import Prior

DOUBT = 0.15
"""Share by which a floor may lie below the lowest or above the highest published one: two fits to
the same runs differ by 7 % (Hoffmann et al., 2022, and Besiroglu et al., 2024)."""


@dataclass(frozen=True)
class PublishedFloor:
    """Floors that were fitted to losses on one text, with one tokenizer.

    Attributes
    ----------
    values : tuple of float
        `E`, nats per token.
    source : str
        Papers, and what says which tokenizer it was.
    """

    values: tuple[float, ...]
    source: str


FLOORS: Mapping[str, PublishedFloor] = MappingProxyType(
    {
        "massivetext, chinchilla tokenizer": PublishedFloor(
            (1.6934, 1.8172),
            "Hoffmann et al. (2022), arXiv:2203.15556, and Besiroglu et al. (2024), "
            "arXiv:2404.10102, fitted to runs of one tokenizer",
        ),
        "c4, gpt-2 tokenizer": PublishedFloor(
            (1.8691,),
            "Muennighoff et al. (2023), arXiv:2305.16264; tokenizer of datablations/c4-subsets",
        ),
        "c4, gpt-neox tokenizer": PublishedFloor(
            (1.508,),
            "Gadre et al. (2024), arXiv:2403.08540, table 2, models trained on C4; tokenizer of "
            "mlfoundations/scaling, generate.py",
        ),
    }
)


def floor(name: str) -> Prior:
    """The prior of a floor `E` in nats per token, from what papers found on the same text.

    Parameters
    ----------
    name : str
        Text and tokenizer, a key of :func:`floors`.

    Returns
    -------
    Prior
        In paper units: 90 % from 15 % below the lowest published floor to 15 % above the highest.
        For `E` of a law whose loss is in nats per token, with the tokenizer named and no other.

    Raises
    ------
    ModelError
        No source gives a floor of that name.

    Examples
    --------
    >>> floor("c4, gpt-neox tokenizer")
    Prior.between(1.282, 1.734, units='paper')
    """
    if name not in FLOORS:
        raise ModelError(
            f"priors.floor: no floor of {name!r} is known here, and that of another text or "
            f"tokenizer would be another number.{meant(name, FLOORS)} Known: {'; '.join(FLOORS)}. "
            "For your own, write Prior.between(low, high, units='paper')."
        )
    values = FLOORS[name].values
    return Prior.between((1 - DOUBT) * min(values), (1 + DOUBT) * max(values), units="paper")


def floors() -> pd.DataFrame:
    """All floors that :func:`floor` knows, with their sources.

    Returns
    -------
    pandas.DataFrame
        Index ``floor``; ``lowest`` and ``highest`` published value in nats per token, ``source``.
    """
    rows = {
        name: {"lowest": min(one.values), "highest": max(one.values), "source": one.source}
        for name, one in FLOORS.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("floor")
