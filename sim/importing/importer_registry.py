"""The registry of importers: the package's own, and a plugin's, in order of registration."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from sim.importing.importer import Importer
from sim.importing.mapping import ImportSpec
from sim.kit.errors import ScenarioError
from sim.kit.invalid import below, fault_lines
from sim.kit.kinds import Registry, check_subclass
from sim.kit.parameters import build

ANY = "table"  # of any table, where a mapping names no format


def _check(name: str, reader: Any) -> None:
    at = f"importer {name!r}"
    check_subclass(at, reader, Importer, "bidlab.Importer")
    if reader.mapping is Importer.mapping:
        raise TypeError(f"{at} must define mapping(self)")


IMPORTERS: Registry[str, type[Importer]] = Registry(
    "importer", "decorate a class with @register_importer('name')", check=_check, named=True
)
register_importer = IMPORTERS.register


def importer_class(name: str) -> type[Importer]:
    """The class registered as `name`; raises ScenarioError with the closest spelling."""
    try:
        return IMPORTERS.lookup(name)
    except ScenarioError as error:
        raise ScenarioError(f"format: {error}") from None


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
