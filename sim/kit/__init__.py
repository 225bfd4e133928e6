"""What every room uses: arrays and their checks, errors, named draws, distributions, sections of a scenario."""
