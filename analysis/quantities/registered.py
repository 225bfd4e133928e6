"""The registry of quantities: the package's own, and a plugin's, in the order in which tables show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from analysis.quantities.declared import Level, Quantity, Statistic, Table, check
from sim.kit.errors import ONES_OWN, RunError, ScenarioError, SimError, closest
from sim.kit.kinds import Described, Registry

Key = tuple[str, str]  # level, name


QUANTITIES: Registry[Key, Quantity] = Registry(
    "quantity",
    "call register_quantity(Quantity(...))",
    describe=lambda quantity: Described(quantity.meaning, "", ""),
)


def register_quantity(quantity: Quantity) -> Quantity:
    """Make a quantity known by its name; returns it.

    Raises ValueError where the declaration does not hold together or its level has one of that name.
    """
    check(quantity)
    QUANTITIES.add(quantity.key, quantity)
    return quantity


def built_in(quantities: Iterable[Quantity]) -> None:
    """Register the package's own."""
    for quantity in quantities:
        register_quantity(quantity)
    QUANTITIES.seal()


def quantities(level: Level | None = None) -> list[Quantity]:
    """All registered ones, those of arms before those of agents, each in order of registration."""
    levels: tuple[Level, ...] = ("arm", "agent") if level is None else (level,)
    return [quantity for each in levels for quantity in QUANTITIES.values() if quantity.level == each]


def tabled(level: Level, table: Table = "own") -> list[Quantity]:
    """Those of this level that are columns of this table of a run."""
    return [quantity for quantity in quantities(level) if quantity.table == table]


def paired_of_arms() -> list[Quantity]:
    """Those that arms are compared in."""
    return [quantity for quantity in tabled("arm") if quantity.paired]


def quantity(name: str, level: Level) -> Quantity:
    """The quantity of this name; raises ScenarioError with the closest spelling."""
    if (level, name) not in QUANTITIES:
        names = [each.name for each in quantities(level)]
        allowed = f"{', '.join(names)}{ONES_OWN}"
        raise ScenarioError(f"unknown quantity {name!r}{closest(name, names)}; allowed: {allowed}")
    return QUANTITIES[level, name]


def of_plugins() -> list[Key]:
    """Keys of those that are not the package's own."""
    return QUANTITIES.added()


def never_known(name: str) -> str:
    """Why a quantity of this name has no interval, whatever its clusters; "" where it can have one."""
    named = (each.how for each in quantities() if each.name == name)
    return next((how.never for how in named if isinstance(how, Statistic)), "")


@contextmanager
def blamed(of: Quantity) -> Iterator[None]:
    """Whatever a plugin's quantity raises is said of it, in one line; RunError."""
    try:
        yield
    except SimError:
        raise
    except (Exception, SystemExit) as error:
        if of.key not in of_plugins():
            raise
        raise RunError(f"quantity {of.name!r}: {type(error).__name__}: {' '.join(str(error).split())}") from None


def unregister(key: Key) -> None:
    """Forget a plugin's quantity."""
    QUANTITIES.unregister(key)
