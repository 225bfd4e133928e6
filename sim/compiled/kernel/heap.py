"""Moments that are to come, the least first: a heap in an array of numbers."""

from sim.compiled.kernel.piece import piece


@piece
def put(heap, size, key):
    """Add a key to a heap of so many."""
    at = size
    while at > 0 and heap[(at - 1) >> 1] > key:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = key


@piece
def drop(heap, size):
    """Take the least key, heap[0], out of a heap of so many."""
    key, at, last = heap[size - 1], 0, size - 1
    while 2 * at + 1 < last:
        child = 2 * at + 1
        if child + 1 < last and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = key
