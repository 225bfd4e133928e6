"""Live runs: the market's questions put to real models, programs or recordings, within a budget."""
