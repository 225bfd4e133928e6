"""Kinds of parts that a user may add to, each with one registry of its parts by name.

    POLICIES = Registry("policy", "decorate ...", methods={"bid": "ask, belief, notice"}, own={"truthful": Truthful})
    register_policy = POLICIES.register

A kind is known from then on: `--plugin` (sim/scenario/plugins.py) finds what a file has added to it, examines it, and
forgets it when the command ends; `bidlab list` shows it. A part is a frozen dataclass whose fields are its parameters,
and a scenario names it as it names a rule. Kinds whose parts are something else (a function, a declaration) check them
themselves.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from sim.kit.errors import ONES_OWN, ScenarioError, closest

Key = TypeVar("Key", bound=Hashable)
Part = TypeVar("Part")
Added = TypeVar("Added")

KINDS: dict[str, Registry[Any, Any]] = {}
_SOURCE = re.compile(r"Source: (\[\w+\](?:, \[\w+\])*)")


class Described(NamedTuple):
    """What lists show of a part. parameters: "name, name = default"; source: keys of REFERENCES.md, "" where none."""

    summary: str
    parameters: str
    source: str


class Registry(Mapping[Key, Part]):
    """The parts of one kind, by name in order of registration.

    kind: what a part is called in messages. how: what a file writes to add one. methods: those that a part must define,
    with what they take beside self; any_of: one of them is enough. check: raises TypeError or ValueError for what is no
    part, given its name and itself. named: a part's attribute `name` is the name. describe: what a list shows of one.
    own: the package's.
    """

    def __init__(
        self,
        kind: str,
        how: str,
        *,
        methods: Mapping[str, str] | None = None,
        any_of: bool = False,
        check: Callable[[Key, Any], None] | None = None,
        named: bool = False,
        describe: Callable[[Any], Described] | None = None,
        own: Mapping[Key, Part] | None = None,
    ) -> None:
        self.kind, self.how, self.methods = kind, how, dict(methods or {})
        self._any_of, self._check, self._named, self._describe = any_of, check, named, describe or described
        self._parts: dict[Key, Part] = dict(own or {})
        self._own = set(self._parts)
        KINDS[kind] = self

    def __getitem__(self, name: Key) -> Part:
        """The part of that name."""
        return self._parts[name]

    def __iter__(self) -> Iterator[Key]:
        """Names in order of registration."""
        return iter(self._parts)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._parts)

    def register(self, name: Key) -> Callable[[Added], Added]:
        """Decorator: make a part known by this name.

        Raises TypeError where it is no part of this kind, ValueError where the name is taken or no word.
        """

        def add(part: Added) -> Added:
            self.add(name, part)
            return part

        return add

    def add(self, name: Key, part: Any, *, own: bool = False) -> None:
        """Make a part known by this name; raises as `register`. own: it is the package's."""
        if isinstance(name, str) and not name.isidentifier():
            raise ValueError(f"{self.kind} {name!r}: a name is letters, digits and underscores")
        if self.methods:
            self._check_class(name, part)
        if self._check is not None:
            self._check(name, part)
        if name in self._parts:
            words = " ".join(name) if isinstance(name, tuple) else name
            raise ValueError(f"{self.kind} {words!r} is registered already")
        self._parts[name] = part
        if self._named:
            part.name = name
        if own:
            self._own.add(name)

    def unregister(self, name: Key) -> None:
        """Forget a part that is not the package's own; nothing where there is none."""
        if name not in self._own:
            self._parts.pop(name, None)

    def seal(self) -> None:
        """All that is there now is the package's own."""
        self._own = set(self._parts)

    def lookup(self, name: Key) -> Part:
        """The part of that name; raises ScenarioError with the closest spelling."""
        if name not in self._parts:
            allowed = [str(each) for each in self._parts]
            raise ScenarioError(
                f"unknown {self.kind} {name!r}{closest(str(name), allowed)}; allowed: {', '.join(allowed)}{ONES_OWN}"
            )
        return self._parts[name]

    def added(self) -> list[Key]:
        """Names of those that are not the package's own."""
        return [name for name in self._parts if name not in self._own]

    def name_of(self, part: Any) -> str:
        """The name of a part, or of what one is an instance of; that of its class where it has none here."""
        found = (str(name) for name, known in self._parts.items() if known is part or known is type(part))
        return next(found, type(part).__name__)

    def described(self, name: Key) -> Described:
        """What a list shows of the part."""
        return self._describe(self._parts[name])

    def _check_class(self, name: Key, part: Any) -> None:
        at = f"{self.kind} {name!r}"
        if not is_frozen(part):
            raise TypeError(f"{at} must be a dataclass with frozen=True, and the decorator stand above it")
        lacking = [method for method in self.methods if not callable(getattr(part, method, None))]
        if lacking and not (self._any_of and len(lacking) < len(self.methods)):
            wanted = [f"{method}({', '.join(filter(None, ('self', self.methods[method])))})" for method in lacking]
            raise TypeError(f"{at} must define {(' or ' if self._any_of else ', ').join(wanted)}")


def check_subclass(at: str, part: Any, base: type[Any], path: str) -> None:
    """Raise TypeError where `part` is no frozen dataclass of `base`, known as `path`, with a `summary`."""
    if not isinstance(part, type) or not issubclass(part, base):
        raise TypeError(f"{at} must be a subclass of {path}")
    if not is_frozen(part):
        raise TypeError(f"{at} must be a dataclass with frozen=True (put the decorator above it)")
    if not isinstance(getattr(part, "summary", None), str):
        raise TypeError(f"{at} must define the class attribute 'summary'")


def is_frozen(part: Any) -> bool:
    """Whether `part` is a frozen dataclass, by a decorator of its own."""
    parameters = vars(part).get("__dataclass_params__") if isinstance(part, type) else None
    return parameters is not None and bool(parameters.frozen)


def described(part: Any) -> Described:
    """Its one line (`summary`, else the first line of its documentation), parameters, and keys of its sources.

    >>> described(dataclasses.make_dataclass("Half", ["rate", ("at", float, 0.5)]))
    Described(summary='', parameters='rate, at = 0.5', source='')
    """
    text = getattr(part, "__doc__", None) or ""
    if text.startswith(f"{getattr(part, '__name__', '')}("):  # what a dataclass says of itself where nobody does
        text = ""
    summary = getattr(part, "summary", None)
    source = getattr(part, "source", None)
    found = _SOURCE.search(text)
    line = _SOURCE.sub("", text.strip().partition("\n")[0]).strip(" .")
    return Described(
        summary if isinstance(summary, str) else line,
        parameters_of(part),
        source if isinstance(source, str) else found.group(1) if found else "",
    )


def parameters_of(part: Any) -> str:
    """The fields of a class of dataclass with their defaults; "" of what is none."""
    if not isinstance(part, type) or not dataclasses.is_dataclass(part):
        return ""
    fields = [field for field in dataclasses.fields(part) if field.init]
    return ", ".join(
        field.name if field.default is dataclasses.MISSING else f"{field.name} = {field.default}" for field in fields
    )


def registered() -> set[tuple[str, Any]]:
    """(kind, name) of all that is registered and not the package's own."""
    return {(kind, name) for kind, of in list(KINDS.items()) for name in of.added()}
