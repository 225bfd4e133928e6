"""The steps of `sim.fitting.fit`, in its order: cases, ability, claims, signals; then `write`."""
