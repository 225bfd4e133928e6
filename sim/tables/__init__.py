"""Recorded tables as files: reading, columns, checks."""
