"""The market as one loop in compiled code: replication after replication, moment after moment, as SimPy plays them.

A moment is a number that orders it: tick, task, posting, and among those that end an attempt the place of its agent
among the hired. Attempts that end come before clearings of the same tick. What a rule, a policy or a learner does comes
in as a function that was compiled from its own code (sim/compiled/traced_parts.py) and works on the arrays in hand
(sim/compiled/hand.py). Everything about an attempt is settled at the clearing that starts it; what tasks share (slots,
standing, accounts) is read at a clearing and written as attempts end. Rows are written in the ledger's order.

    layout.py     what is given and kept
    output.py     what is written
    piece.py      how a piece of the loop is compiled
    heap.py       moments that are to come
    finish.py     attempts that end
    clearing.py   bids, who is barred, accounts at a clearing
    award.py      the rule is asked, again without who cannot post a bond
    starting.py   attempts that start, and how a posting ends
    writing.py    rows
    loop.py       the loop
"""
