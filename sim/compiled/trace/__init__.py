"""From a rule's own NumPy code to an expression graph, and from that to the source of a loop over agents.

traced.py    stands in for an array: NumPy hands it every operation, and it makes a node of it
stacked.py   stands in for one with an axis more, such as a menu of budgets
tracing.py   calls a rule with such arrays; what cannot be traced is refused with the line that stopped it
    emitted.py   writes the graph as Python that numba compiles: the same operations, in the same order
    scratch.py   says where it keeps what it needs again; few_drawn.py: which draws only those who tie make
    blocks.py    writes it for a block of postings that are cleared side by side; block_memory.py: what is kept for it
"""

from sim.compiled.trace.graph import Node, UntraceableError
from sim.compiled.trace.tracing import Graph, trace

__all__ = ["Graph", "Node", "UntraceableError", "trace"]
