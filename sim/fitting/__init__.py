"""The steps of `sim.fit`, in its order: cases, ability, claims, signals; then `write`."""
