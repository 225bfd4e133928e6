"""What a verifier must do: `verify(expected, text) -> Verdict`, the same again for the same again.

Its worked examples (`cases`) come out as they say, and one at least passes and one does not; work that is blank never
passes; whatever the work is, it gives a verdict and raises nothing; a score lies in [0, 1]; nothing given is changed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

STATUSES = ("PASS", "FAIL", "INFRA")
_BLANK = ("", " \n\t")
_ANY = (
    "x" * 10_000,
    "\x00",
    "\ud800",
    "nan",
    "1e999",
    "{",
    "[" * 2_000,
    "``` ```",
    "Ünïcode ٣",
    "-",
)  # work of any kind


def verdict_fault(made: Any) -> str:
    """What is wrong with a verdict, or nothing."""
    if not all(hasattr(made, name) for name in ("status", "note", "score")):
        return f"must return a Verdict; got {type(made).__name__}"
    if made.status not in STATUSES:
        return f"status must be {', '.join(STATUSES)}; got {made.status!r}"
    if not isinstance(made.note, str):
        return f"note must be a text; got {type(made.note).__name__}"
    if made.score is not None and not (isinstance(made.score, int | float) and 0 <= made.score <= 1):
        return f"score must lie in [0, 1], or be None; got {made.score!r}"
    return ""


def verifier_faults(verifier: Any) -> Iterator[str]:
    """All that is wrong with a verifier."""
    cases = verifier.cases()
    if not isinstance(cases, tuple) or not all(isinstance(case, tuple) and len(case) == 3 for case in cases):
        yield "cases: must return a tuple of (expected, text, status)"
        return
    stated = {status for _, _, status in cases}
    if "PASS" not in stated or not stated - {"PASS"}:
        yield "cases: must hold one that passes and one that does not"
    for expected, text, status in cases:
        made, wrong = _tried(verifier, expected, text)
        if wrong:
            yield f"verify: {wrong}"
            return
        if made.status != status:
            yield f"verify: of {text!r}, where {expected!r} is expected, says {made.status} and its cases {status}"
        if hasattr(verifier, "fault_of") and (refused := verifier.fault_of(expected)):
            yield f"fault_of: refuses {expected!r}, which its cases expect: {refused}"
    yield from _of_any_work(verifier, [expected for expected, _, _ in cases])


def _of_any_work(verifier: Any, expectations: list[Any]) -> Iterator[str]:
    for expected in expectations:
        for text in (*_BLANK, *_ANY):
            made, wrong = _tried(verifier, expected, text)
            if wrong:
                yield f"verify: of {text[:20]!r}: {wrong}"
            elif made.status == "PASS" and text in _BLANK:
                yield "verify: passes work that is blank"


def _tried(verifier: Any, expected: Any, text: str) -> tuple[Any, str]:
    """The verdict, and what is wrong with it, or with how it came."""
    kept = copy.deepcopy(expected)
    made = verifier.verify(expected, text)
    if wrong := verdict_fault(made):
        return made, wrong
    if expected != kept:
        return made, "changes what is expected"
    if verifier.verify(expected, text) != made:
        return made, "gives another verdict when it is asked again"
    return made, ""
