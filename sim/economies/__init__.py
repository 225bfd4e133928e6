"""Institutions that are no task auction, each played by a rule of its own in a house of its own.

    economy.py            what an economy is, and the registry of them
    economy_file.py       a scenario with the key `economy`: arms, swept keys, published values
    economy_run.py        jobs of replications, each kept as it is finished; a folder, or memory

One file for each economy, or a room where it takes several; `ecology` alone plays task markets, the house's own.
"""

from sim.economies.ecology import ecology

__all__ = ["ecology"]
