"""A process that works through questions, to be killed by tests: URL, journal, number of questions."""

from __future__ import annotations

import sys

from sim.live.answers import Answers
from sim.live.calls import Calls
from sim.live.endpoint import Endpoint
from sim.live.question import Question


def main(url: str, path: str, count: int) -> None:
    """Ask them all and wait for all answers."""
    price = {"input": 2_000, "output": 10_000}
    one = Endpoint("a", endpoint=url, model="m", usd_per_million=price, key="THE_KEY", timeout=2.0)
    with Answers.open(path) as answers, Calls({"a": one}, answers, budget_usd=1e6, back_off=0.01) as calls:
        questions = [Question("work", f"t{place}", "a", str(place), most_tokens=20) for place in range(count)]
        for future in [calls.ask(question) for question in questions]:
            future.result()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
