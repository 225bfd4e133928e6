"""Experiments: one plan of cells x arms x blocks; a run is one cell, and its ledger is kept."""
