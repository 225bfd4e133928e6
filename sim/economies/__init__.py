"""Institutions that are no task auction, each played by a rule of its own in a house of its own.

    economy.py            what an economy is, and the registry of them
    economy_file.py       a scenario with the key `economy`: arms, swept keys, published values
    economy_run.py        jobs of replications, each kept as it is finished; a folder, or memory

One file for each economy, or a room where it takes several, imported below, so that it is registered. `ecology` plays
the house's own task markets; none of the others knows of tasks, bids or Worlds.
"""

from sim.economies import attention, exchange  # noqa: F401 -- they register themselves
from sim.economies.ecology import ecology  # noqa: F401
from sim.economies.economy import ECONOMIES

ECONOMIES.seal()
