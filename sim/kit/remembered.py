"""What follows from a thing that never changes, and from values, made once for as long as it is not crowded out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Remembered:
    """At most so many results. A thing is known by itself, not by what it equals: it need not have a hash."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()

    def of(self, thing: Any, values: Hashable, make: Callable[[], Any]) -> Any:
        """What `make` gave for this thing and these values.

        >>> known = Remembered(2)
        >>> [known.of(known, value, lambda value=value: [value]) for value in (1, 2, 1)]
        [[1], [2], [1]]
        """
        key = id(thing), values
        if key not in self._found:
            self._found[key] = thing, make()  # the thing stays, so that no other one comes to stand in its place
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return self._found[key][1]
