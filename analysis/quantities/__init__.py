"""Every quantity that runs and sweeps report, declared once. `register_quantity` adds one of your own:

    from analysis.quantities import Mean, Quantity, register_quantity

    register_quantity(
        Quantity(
            name="loss_rate",
            level="arm",
            unit="",
            meaning="auctions that cost more than their value / auctions",
            how=Mean(lambda arm: 1.0 * (arm.dollars(cost=1) > arm.value), rate=True),
        )
    )

Given by `--plugin FILE`, it is a column of summary.csv, a metric of sweeps and a line of `show --columns`. What it may
read of an arm is in analysis/quantities/view.py.
"""

from __future__ import annotations

from analysis.quantities.auctions import MEANS, SHARES
from analysis.quantities.claimed import CLAIMED, CURVE
from analysis.quantities.declared import Mean, Quantity, Ratio, Statistic, Top
from analysis.quantities.hiring import HIRING
from analysis.quantities.late import LATE
from analysis.quantities.made_or_bought import MADE_OR_BOUGHT
from analysis.quantities.pooled import POOLED
from analysis.quantities.registered import (
    built_in,
    of_plugins,
    paired_of_arms,
    quantities,
    quantity,
    register_quantity,
    tabled,
    unregister,
)
from analysis.quantities.regrets import REGRETS
from analysis.quantities.separating import SEPARATING

__all__ = [
    "Mean",
    "Quantity",
    "Ratio",
    "Statistic",
    "Top",
    "of_plugins",
    "paired_of_arms",
    "quantities",
    "quantity",
    "register_quantity",
    "tabled",
    "unregister",
]

built_in([*MEANS, *REGRETS, *SHARES, *POOLED, *CLAIMED, *HIRING, *LATE, *MADE_OR_BOUGHT, *CURVE, *SEPARATING])
