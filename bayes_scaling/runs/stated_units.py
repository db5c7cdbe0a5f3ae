"""Units of counts that column names state, such as billions of parameters.

Owns the words for such units. That a column of counts is multiplied by them is done in `notation`.
"""

import re
from dataclasses import dataclass

from bayes_scaling.display.wording import Column
from bayes_scaling.units import PF_DAY

_COUNTS = {
    **dict.fromkeys(("k", "thousand", "thousands"), 1e3),
    **dict.fromkeys(("m", "mm", "mn", "million", "millions"), 1e6),
    **dict.fromkeys(("b", "bn", "billion", "billions"), 1e9),
    **dict.fromkeys(("t", "tn", "trillion", "trillions"), 1e12),
}
# TFLOPs and PFLOPs are left out: columns of that name hold speeds, FLOP per second.
_PREFIXES = {"e": 1e18, "exa": 1e18, "z": 1e21, "zetta": 1e21, "y": 1e24, "yotta": 1e24}
_COMPUTE = {f"{prefix}{flop}": s for prefix, s in _PREFIXES.items() for flop in ("flop", "flops")}
_WORDS = {"params": _COUNTS, "tokens": _COUNTS, "flops": {**_COMPUTE, "pfdays": PF_DAY}}
_PF_DAYS = re.compile(r"\b(pf|petaflops?)[\s/-]*s?[\s-]*days?\b")
_POWER = re.compile(r"[x×*]?\s*(?:1e|10\^|10\*\*)(\d{1,2})")
# In brackets, after a name of more than a letter (n_b may be anything), or as a word of it.
_PLACES = (
    re.compile(r"\s*[(\[]\s*(?:in\s+)?(?P<unit>[^)\]]+?)\s*[)\]]$"),
    re.compile(r"(?<=\w\w),?[\s-]+(?:in\s+)?(?P<unit>\w+)$"),
    re.compile(r",?[\s-]+(?:in\s+)?(?P<unit>\w{4,})$"),
    re.compile(r"^(?P<unit>\w{4,})[\s-]+(?:of\s+)?"),
)
# Cells from which a column holds plain counts, whatever its name says; the largest count there is.
_PLAIN_FROM = {"params": 1e7, "tokens": 1e8, "flops": 1e12}
_LARGEST = {"params": 2e13, "tokens": 1e15, "flops": 1e29}


@dataclass(frozen=True)
class StatedUnit:
    """A unit in the name of a column: how many one is, and the name without it."""

    scale: float
    name: str


def stated_unit(part: str, column: str) -> StatedUnit | None:
    """Return the unit that a column's name states for a part, None where it states none.

    Examples
    --------
    >>> stated_unit("params", "Params (B)")
    StatedUnit(scale=1000000000.0, name='params')
    >>> stated_unit("tokens", "billions of tokens").scale, stated_unit("flops", "PF-days").scale
    (1000000000.0, 8.64e+19)
    >>> stated_unit("params", "n_params") is stated_unit("loss", "loss_b") is None
    True
    """
    kind = _kind(part)
    if kind is None:
        return None
    name = _PF_DAYS.sub("pfdays", column.lower().replace("_", " ").strip())
    if kind == "flops" and name in _WORDS[kind]:
        return StatedUnit(_WORDS[kind][name], kind)
    for place in _PLACES:
        found = place.search(name)
        scale = _scale(kind, found["unit"]) if found else None
        if scale:
            return StatedUnit(scale, place.sub("", name))
    return None


def is_in_unit(part: str, numbers: Column, scale: float) -> bool:
    """True for numbers that may be in a unit; False for plain counts, whatever the name says."""
    kind, largest = _kind(part), float(numbers.max())
    return kind is None or (largest < _PLAIN_FROM[kind] and largest * scale <= _LARGEST[kind])


def _kind(part: str) -> str | None:
    return next((kind for kind in _WORDS if part.endswith(kind)), None)


def _scale(kind: str, word: str) -> float | None:
    power = _POWER.fullmatch(word)
    return 10.0 ** int(power[1]) if power else _WORDS[kind].get(word)
