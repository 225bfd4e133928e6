"""Quantities of plugins go through their contract before anything is played; it takes less than a tenth of a second."""

from __future__ import annotations

from sim.kit.errors import RunError


def check_own_quantities() -> None:
    """Raise RunError with all that is wrong with the quantities that are not the package's own."""
    from analysis.quantities.registered import QUANTITIES

    if not (names := QUANTITIES.added()):
        return
    from analysis.quantity_contract import quantity_faults
    from sim.contracts.trial import told

    found = {name: told(quantity_faults, QUANTITIES[name]) for name in names}
    if faults := [f"quantity {name[1]}: {line}" for name, lines in found.items() for line in lines]:
        raise RunError(*faults)
