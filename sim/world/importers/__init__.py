"""Named readers of results: one registered importer for each format. Importing this room registers them."""

from sim.importing.importer_registry import IMPORTERS
from sim.world.importers import (
    any_table,
    economy_ledgers,
    every_eval_ever,
    forecasts,
    harbor,
    helm,
    inspect_logs,
    lm_eval,
    openhands,
    routing_tables,
    swe_bench,
    terminal_bench,
)

__all__ = [
    "any_table",
    "economy_ledgers",
    "every_eval_ever",
    "forecasts",
    "harbor",
    "helm",
    "inspect_logs",
    "lm_eval",
    "openhands",
    "routing_tables",
    "swe_bench",
    "terminal_bench",
]

IMPORTERS.seal()
