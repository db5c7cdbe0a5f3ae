"""Mappings that never change, so that values which hold them can be frozen too."""

from collections.abc import Iterator, Mapping

__all__ = ["FrozenMapping"]


class FrozenMapping[Key, Value](Mapping[Key, Value]):
    """A mapping that cannot be changed in place, pickles, and hashes if its values do.

    Examples
    --------
    >>> scales = FrozenMapping({"params": 1e9})
    >>> scales, scales == {"params": 1e9}, hash(scales) == hash(FrozenMapping(scales))
    ({'params': 1000000000.0}, True, True)
    """

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[Key, Value] | None = None) -> None:
        self._given = dict(given or {})

    def __getitem__(self, key: Key) -> Value:
        """Return the value of a key."""
        return self._given[key]

    def __iter__(self) -> Iterator[Key]:
        """Iterate over the keys in the order given."""
        return iter(self._given)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._given)

    def __hash__(self) -> int:
        return hash(frozenset(self._given.items()))

    def __repr__(self) -> str:
        return repr(self._given)
