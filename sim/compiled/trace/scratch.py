"""Rows of scratch for what a stage puts down for later ones; a row that nobody reads any more is used again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sim.compiled.trace.graph import ALONE, Kind, Node

INLINE = ("is_place", "spread")  # written where they are read
GIVEN = ("input", "vector")


@dataclass
class Scratch:
    """Where vectors are kept. row: of each of them; shift: its first place in the row, 0 where it has none.

    count: rows of each kind. in_place: puts whose array becomes the new one; written: puts whose values are written
    where they belong as they are made.
    """

    row: dict[int, int] = field(default_factory=dict)
    shift: dict[int, int] = field(default_factory=dict)
    count: dict[Kind, int] = field(default_factory=lambda: {"f": 0, "i": 0, "b": 0})
    in_place: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)


def scratch_of(nodes: Sequence[Node], depth: Mapping[int, int], ends: Sequence[Node]) -> Scratch:
    """The rows of a graph. nodes: each after what it hangs on. depth: the stage that makes each. ends: read at last."""
    found, readers = Scratch(), _readers(nodes)
    kept = [node for node in nodes if _is_kept(node, readers, depth, ends)]
    names = {node.number for node in kept}
    last: dict[int, float] = {number: max(depth[one.number] for one in of) for number, of in readers.items()}
    last |= {node.number: math.inf for node in ends}
    for put in (node for node in kept if node.op == "put"):
        if put.args[0].number in names and _is_last_reader(put, readers, depth, last):
            found.in_place.add(put.number)
            if _takes(put, readers, depth, last, names):
                found.written.add(put.number)
                found.shift[put.args[1].number] = put.args[2]
    into = {put.args[1].number: put.args[0].number for put in kept if put.number in found.written}
    _place(found, sorted(kept, key=lambda node: depth[node.number]), depth, last, into)
    return found


def _place(
    found: Scratch, kept: Sequence[Node], depth: Mapping[int, int], last: Mapping[int, float], into: Mapping[int, int]
) -> None:
    free: dict[Kind, list[int]] = {"f": [], "i": [], "b": []}
    holds: dict[tuple[Kind, int], Node] = {}
    for node in kept:
        for (kind, row), held in list(holds.items()):
            if last.get(held.number, depth[held.number]) < depth[node.number]:
                free[kind].append(row)
                del holds[kind, row]
        if node.number in into:
            found.row[node.number] = found.row[into[node.number]]
            continue
        if node.number in found.in_place:
            found.row[node.number] = found.row[node.args[0].number]
        elif free[node.kind]:
            found.row[node.number] = free[node.kind].pop()
        else:
            found.row[node.number] = found.count[node.kind]
            found.count[node.kind] += 1
        holds[node.kind, found.row[node.number]] = node


def _readers(nodes: Sequence[Node]) -> dict[int, list[Node]]:
    found: dict[int, list[Node]] = {}
    for node in nodes:
        for inner in node.inputs:
            found.setdefault(inner.number, []).append(node)
    return found


def _is_kept(node: Node, readers: Mapping[int, list[Node]], depth: Mapping[int, int], ends: Sequence[Node]) -> bool:
    """A vector that is read beside the loop that makes it."""
    if node.length is None or node.op in GIVEN or node.op in INLINE:
        return False
    later = (depth[one.number] > depth[node.number] for one in readers.get(node.number, ()))
    return node.op in ALONE or any(node is end for end in ends) or any(later)


def _is_last_reader(
    put: Node, readers: Mapping[int, list[Node]], depth: Mapping[int, int], last: Mapping[int, float]
) -> bool:
    """Nobody else reads the array that is changed in the stage that changes it, or later."""
    others = (one for one in readers[put.args[0].number] if one is not put)
    here = depth[put.number]
    return last[put.args[0].number] <= here and all(depth[one.number] < here for one in others)


def _takes(
    put: Node, readers: Mapping[int, list[Node]], depth: Mapping[int, int], last: Mapping[int, float], kept: set[int]
) -> bool:
    """The values are nobody else's, and who reads the array from then on reads other places of it."""
    array, values, first, count = put.args
    if not isinstance(values, Node) or values.number not in kept or values.op in ALONE:
        return False
    when = depth[values.number]
    if len(readers[values.number]) > 1 or math.isinf(last[values.number]) or depth[array.number] >= when:
        return False
    others = (one for one in readers[array.number] if one is not put and depth[one.number] >= when)
    return all(one.op == "slice" and not _meet(one, first, count) for one in others)


def _meet(part: Node, first: int, count: int) -> bool:
    _, begin, step = part.args
    places = range(begin, begin + step * (part.length or 0), step)
    return max(places) >= first and min(places) < first + count
