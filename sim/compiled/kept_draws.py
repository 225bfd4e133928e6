"""What is drawn of all tasks of a replication at once, kept for other markets that draw the same.

The arms of a run, or of a cell of a sweep, have the same agents at the same tasks. What these believe is most of the
work where markets are simple, so the second market that draws the same of it leaves it there and later ones read it.
The first does not: much is drawn once, which is faster in the memory of one replication.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np

from sim.compiled.code import Code
from sim.compiled.drawing import Drawing
from sim.compiled.kernel.layout import Bulk, Size
from sim.compiled.pointer import Pointer
from sim.world.world import World

_MOST = 2**26  # bytes that are kept
_SEEN = 64  # draws that are known to have been made
_NOT_KEPT = np.zeros(1, np.bool_)
_KEPT: OrderedDict[Hashable, Bulk | None] = OrderedDict()  # the last that were read at the end


def bulk_of(world: World, code: Code, drawing: Drawing, size: Size) -> Bulk:
    """Memory for what this market draws of all tasks at once."""
    if not code.bulk:
        return Bulk(Pointer(np.empty(1)), Pointer(_NOT_KEPT), 0)
    words = ((axis, these.tobytes()) for axis, these in sorted(drawing.words.items()))
    key = drawing.in_bulk, code.bulk, world.n_replications, size.tasks, *words
    again, kept = key in _KEPT, _KEPT.pop(key, None)
    rows = len(code.bulk) * size.tasks * size.agents
    if again and kept is None and 8 * rows * world.n_replications <= _MOST:
        made = np.zeros(world.n_replications, np.bool_)
        kept = Bulk(Pointer(np.empty(rows * world.n_replications)), Pointer(made), rows)
    _KEPT[key] = kept
    while len(_KEPT) > _SEEN or sum(one.at.array.nbytes for one in _KEPT.values() if one is not None) > _MOST:
        _KEPT.popitem(last=False)
    return kept or Bulk(Pointer(np.empty(rows)), Pointer(_NOT_KEPT), 0)
