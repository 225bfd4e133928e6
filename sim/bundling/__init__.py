"""Bundles: a run or a sweep in one file that others can play again, and what comes of it when they do."""
