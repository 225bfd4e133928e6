"""Scenarios: a TOML file or a dict, parsed once into frozen sections."""
