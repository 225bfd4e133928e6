"""The registry of importers: the package's own, and a plugin's, in order of registration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sim.importing.column_values import key_faults
from sim.importing.importer import Importer
from sim.importing.mapping import ImportSpec
from sim.kit.errors import RunError, ScenarioError, closest
from sim.kit.invalid import below, fault_lines
from sim.kit.kinds import KINDS, Kind
from sim.kit.parameters import build, check_annotations

ANY = "table"  # of any table, where a mapping names no format

_IMPORTERS: dict[str, type[Importer]] = {}

Reader = TypeVar("Reader", bound=type[Importer])


def register_importer(name: str) -> Callable[[Reader], Reader]:
    """Class decorator: make a frozen dataclass of an `Importer` known as a format.

    Raises TypeError where the class is no `Importer`, no frozen dataclass or lacks `summary` or `mapping`, ValueError
    where the name is taken.
    """

    def add(reader: Reader) -> Reader:
        if not isinstance(reader, type) or not issubclass(reader, Importer):
            raise TypeError(f"importer {name!r} must be a subclass of bidlab.Importer")
        parameters = vars(reader).get("__dataclass_params__")
        if parameters is None or not parameters.frozen:
            raise TypeError(f"importer {name!r} must be a dataclass with frozen=True (put the decorator above it)")
        if not isinstance(getattr(reader, "summary", None), str):
            raise TypeError(f"importer {name!r} must define the class attribute 'summary'")
        if reader.mapping is Importer.mapping:
            raise TypeError(f"importer {name!r} must define mapping(self)")
        if name in _IMPORTERS:
            raise ValueError(f"importer {name!r} is registered already")
        reader.name = name
        _IMPORTERS[name] = reader
        return reader

    return add


def importers() -> list[str]:
    """Names of all registered importers, in order of registration."""
    return list(_IMPORTERS)


def importer_class(name: str) -> type[Importer]:
    """The class registered as `name`; raises ScenarioError with the closest spelling."""
    if name not in _IMPORTERS:
        raise ScenarioError(
            f"format: unknown format {name!r}{closest(name, _IMPORTERS)}; allowed: {', '.join(_IMPORTERS)}"
        )
    return _IMPORTERS[name]


def importer_of(spec: ImportSpec) -> Importer:
    """The importer of a mapping's format; the one for any table where it names none. Raises ScenarioError."""
    name, parameters = spec.format or (ANY, {})
    try:
        return build(importer_class(name), parameters)
    except ScenarioError:
        raise
    except ValueError as error:
        raise ScenarioError(*below(f"format.{name}.", error).split("\n")) from None


def mapping_of(importer: Importer) -> ImportSpec:
    """What the importer fills in, checked; raises ScenarioError naming it where it is no mapping."""
    try:
        return ImportSpec.model_validate(dict(importer.mapping()))
    except ValidationError as error:
        lines = fault_lines("", error, ImportSpec)
    except Exception as error:
        lines = [f"{type(error).__name__}: {' '.join(str(error).split())}"]
    raise ScenarioError(*(f"importer {importer.name!r}: mapping: {line}" for line in lines)) from None


def check_importer(name: str) -> None:
    """The contract: parameters that can be checked, all with defaults, and a mapping that holds together.

    Raises ValueError in a line for each fault.
    """
    check_annotations(importer_class(name))
    try:
        spec = mapping_of(importer_class(name)())
    except TypeError as error:
        raise ValueError(f"give every parameter a default: {error}") from None
    timed = spec if spec.tick_seconds is not None else spec.model_copy(update={"tick_seconds": 1.0})
    columns = {column: found for column in spec.columns if (found := spec.column(column)) is not None}
    if faults := key_faults(columns, timed):
        raise ValueError("\n".join(f"mapping: {fault}" for fault in faults))


def unregister_importer(name: Any) -> None:
    """Forget a plugin's importer."""
    _IMPORTERS.pop(name, None)


def _admit(path: Path, name: Any) -> None:
    try:
        check_importer(name)
    except ValueError as error:
        at = f"--plugin {path}: importer {name!r}"
        raise RunError(*below(f"{at}: ", error).split("\n")) from None


KINDS["importer"] = Kind(importers, _admit, unregister_importer, "decorate a class with @register_importer('name')")
