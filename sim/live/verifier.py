"""Verifiers: who says whether work was done, from what the task expects and the text that was handed in.

    verify(expected, text) -> Verdict

PASS and FAIL are about the work; INFRA says that nothing can be said of it, since the verifier itself failed; a score
is there where work is graded. Work that is blank never passes. A verifier is a frozen dataclass; its fields are its
parameters. Beside `verify` it defines `cases()`, worked examples of an instance, (expected, text, status), at least one
that passes and one that does not: the contract (sim/contracts/verifier_contract.py) tries them. It may define

    fault_of(expected) -> str       what is wrong with what a task expects, "" where nothing is; without it all will do
    beside(folder) -> Self          the verifier where its files stand in that folder
    digests() -> dict[str, str]     file -> SHA-256 of what it reads, so that another file gives other verdicts

A task's verifier with what the task expects is a `Check`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Protocol

from sim.kit.kinds import Registry
from sim.live.question import Verdict, canonical

PASS, FAIL, INFRA = "PASS", "FAIL", "INFRA"
STATUSES = (PASS, FAIL, INFRA)
Case = tuple[Any, str, str]  # expected, text, status


class Verifier(Protocol):
    """As above."""

    def verify(self, expected: Any, text: str) -> Verdict:
        """What is to be said of the work `text`."""

    def cases(self) -> tuple[Case, ...]:
        """Worked examples of this instance."""


VERIFIERS: Registry[str, type[Any]] = Registry(
    "verifier",
    "decorate a frozen dataclass with @register_verifier('name')",
    methods={"verify": "expected, text", "cases": ""},
)
register_verifier = VERIFIERS.register


@dataclasses.dataclass(frozen=True)
class Check:
    """A verifier, and what one task expects."""

    verifier: Verifier
    expected: Any = None

    def verify(self, text: str) -> Verdict:
        """What is to be said of the work `text`."""
        return self.verifier.verify(self.expected, text)

    @property
    def fingerprint(self) -> str:
        """Canonical JSON of all that a verdict follows from but the work: name, parameters, files, what is expected."""
        named = {"verifier": VERIFIERS.name_of(self.verifier), "parameters": _parameters(self.verifier)}
        files = self.verifier.digests() if hasattr(self.verifier, "digests") else {}
        return canonical(named | {"files": files, "expected": self.expected})


def blank(text: str) -> bool:
    """Nothing was handed in."""
    return not text.strip()


def _parameters(verifier: Any) -> dict[str, Any]:
    fields = dataclasses.fields(verifier)
    return {field.name: getattr(verifier, field.name) for field in fields if field.init and field.compare}
