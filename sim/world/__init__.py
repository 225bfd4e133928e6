"""Worlds: all chance of a simulated market, drawn once or read from a table."""
