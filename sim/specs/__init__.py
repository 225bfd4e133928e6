"""The sections of a scenario, each parsed once into what the market reads."""
