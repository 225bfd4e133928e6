"""The batch engine: the market of `sim.market`, vectorised over replications, with the same ledger row by row.

`replay(world, rules)` gives what `sim.market.simulate.simulate` gives, by ==. Where nothing couples the tasks of a
replication (no slot to share, nothing learned, no account kept) they are cleared wave by wave, postings of one number
together. Elsewhere every replication stands at a moment of its own and all of them clear their next posting at once, in
lockstep.
"""

from sim.replay.play import replay

__all__ = ["replay"]
