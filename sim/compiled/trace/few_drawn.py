"""Draws of which a rule looks for the least among some agents: nobody draws where there is at most one such agent."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

from sim.compiled.trace.graph import Node


def few_drawn(nodes: Sequence[Node], ends: Iterable[Node], drawn: Collection[str]) -> dict[int, tuple[Node, str]]:
    """Number of a search for the least -> who is searched, and the name of what they draw.

    drawn: names of what is given as draws, which lie in (0, 1). What is searched, np.where(who, draw, inf), is read by
    the search alone; ends: nodes that are read as results.
    """
    read = [one.number for node in nodes for one in node.inputs] + [node.number for node in ends]
    found = {}
    for node in nodes:
        if node.op != "argmin" or node.inputs[0].op != "where" or read.count(node.inputs[0].number) > 1:
            continue
        who, draw, other = node.inputs[0].inputs
        given = draw.op == "input" and draw.args[0] in drawn
        if given and who.kind == "b" and other.op == "constant" and other.args[0] == math.inf:
            found[node.number] = who, draw.args[0]
    return found
