"""What an agent is asked, what it answered, and how its work was judged.

A question is known by its `key`, which holds neither market nor run: whoever asks the same again shares the answer.
Unlike draws, which are questions of another `sample`, have answers of their own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

PURPOSES = ("bid", "repair", "work", "advice", "judge", "claim", "check")
ENDED = ("stop", "length", "refused")  # an answer's finish where the agent gave one


def canonical(value: Any) -> str:
    """JSON that is the same for equal values.

    >>> canonical({"b": 1, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


@dataclass(frozen=True)
class Question:
    """One question to one agent.

    prompt, system: the whole texts of user and system. sample: of work, which try at the task; of a bid 0, of its
    repair 1. model: fingerprint of the respondent. most_tokens: the most that the answer may have; 0: no limit.
    shape: name of the JSON wanted ("bid", "claim", "advice", "verdict"); "": free text. details: for respondents that
    read no prompt, in neither key nor comparison: task place, agent place, posting, nth, replication, value, reserve,
    penalty. Raises ValueError where purpose, sample or most_tokens are none.

    >>> Question("work", "t1", "a", "Add 2 and 2.").key == Question("work", "t1", "a", "Add 2 and 2.", sample=1).key
    False
    """

    purpose: str
    task: str
    agent: str
    prompt: str
    sample: int = 0
    system: str = ""
    model: str = ""
    most_tokens: int = 0
    shape: str = ""
    details: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check what a key is made of."""
        if self.purpose not in PURPOSES:
            raise ValueError(f"purpose must be one of {', '.join(PURPOSES)}; got {self.purpose!r}")
        if self.sample < 0 or self.most_tokens < 0:
            raise ValueError(f"sample and most_tokens must be >= 0; got {self.sample} and {self.most_tokens}")

    @cached_property
    def key(self) -> str:
        """SHA-256 of all but the details, in hexadecimal digits."""
        return hashlib.sha256(canonical(self.record()).encode()).hexdigest()

    def record(self) -> dict[str, Any]:
        """All but the details, as a file keeps it: `Question(**record)` is the question."""
        return {
            "purpose": self.purpose,
            "task": self.task,
            "agent": self.agent,
            "prompt": self.prompt,
            "sample": self.sample,
            "system": self.system,
            "model": self.model,
            "most_tokens": self.most_tokens,
            "shape": self.shape,
        }


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    finish: "stop"; "length", cut off by its limit; "refused"; or of no answer what went wrong: "timeout", "cut body",
    "unreadable", "server error", "crash". Tokens are None where the respondent counts none. usd: dollars of the send
    that brought it. seconds: measured, in no comparison.
    """

    text: str
    finish: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    usd: float = 0.0
    seconds: float = field(default=0.0, compare=False)

    @property
    def error(self) -> bool:
        """No answer came."""
        return self.finish not in ENDED

    def record(self) -> dict[str, Any]:
        """As a file keeps it: `Answer(**record)` is the answer."""
        return {
            "text": self.text,
            "finish": self.finish,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "usd": self.usd,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Verdict:
    """How a verifier judged work. status: PASS, FAIL, or INFRA where it could not tell. score: in [0, 1], or None."""

    status: str
    note: str = ""
    score: float | None = None

    def record(self) -> dict[str, Any]:
        """As a file keeps it."""
        return {"status": self.status, "note": self.note, "score": self.score}
