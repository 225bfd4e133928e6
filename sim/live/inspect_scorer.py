"""The verifier that is a scorer of Inspect: match, includes, exact or f1, those that ask no model.

Source: https://inspect.aisi.org.uk/scorers.html, as in inspect_ai 0.3.285. `pip install 'bidlab[inspect]'`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Gt, Le

from sim.live.question import Verdict
from sim.live.verifier import FAIL, PASS, Case, blank
from sim.tables.table_file import short

_LACKS = "inspect_ai is not installed: pip install 'bidlab[inspect]'"
_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}  # correct, partial, incorrect, no answer


@dataclass(frozen=True)
class InspectScorer:
    """The scorer says how much the work is worth; mark: the least of it that passes.

    scorer: of inspect_ai.scorer. ignore_case: of match and includes. numeric: match compares numbers.
    """

    scorer: Literal["match", "includes", "exact", "f1"]
    ignore_case: bool = True
    numeric: bool = False
    mark: Annotated[float, Gt(0), Le(1)] = 1.0

    summary: ClassVar[str] = "a scorer of Inspect that asks no model: match, includes, exact, f1 (bidlab[inspect])"

    @classmethod
    def examples(cls) -> tuple[Self, ...]:
        """Each scorer."""
        return (cls("match"), cls("match", numeric=True), cls("includes"), cls("exact"), cls("f1", mark=0.5))

    def fault_of(self, expected: Any) -> str:
        """A text or a number, and inspect_ai."""
        if find_spec("inspect_ai") is None:
            return _LACKS
        if isinstance(expected, bool) or not isinstance(expected, str | int | float) or blank(str(expected)):
            return f"must be a text or a number; got {short(expected)}"
        return ""

    def verify(self, expected: Any, text: str) -> Verdict:
        """PASS where the score is the mark at least; a score of f1 between 0 and 1 is kept."""
        if blank(text):
            return Verdict(FAIL, "is blank")
        from inspect_ai.model import ModelName, ModelOutput
        from inspect_ai.scorer import Target
        from inspect_ai.solver import TaskState

        output = ModelOutput.from_content("none/none", text)
        state = TaskState(ModelName("none/none"), sample_id="work", epoch=1, input="", messages=[], output=output)
        value = asyncio.run(self._made()(state, Target(str(expected)))).value
        worth = _GRADES.get(value) if isinstance(value, str) else float(value)
        if worth is None or not 0 <= worth <= 1:
            raise ValueError(f"{self.scorer}: a score of {value!r} is none in [0, 1]")
        note = "" if worth >= self.mark else f"scores {worth:g}"
        return Verdict(FAIL if note else PASS, note, worth if 0 < worth < 1 else None)

    def cases(self) -> tuple[Case, ...]:
        """The answer itself, and something else."""
        return (("42", "42", PASS), ("42", "seven", FAIL))

    def _made(self) -> Any:
        from inspect_ai import scorer

        if self.scorer == "match":
            return scorer.match(ignore_case=self.ignore_case, numeric=self.numeric)
        if self.scorer == "includes":
            return scorer.includes(ignore_case=self.ignore_case)
        return getattr(scorer, self.scorer)()
