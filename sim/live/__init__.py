"""Live runs: the same market, its questions put to real models."""
