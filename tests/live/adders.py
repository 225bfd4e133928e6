"""Live markets as tests play them: a folder with scenario, respondents and tasks, and a server whose models add."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.live.server import Does, Sent, says

KEY = "sk-planted-0123456789abcdefXYZ"
AGENTS = ("zoe", "amy", "bob")
LEDGER = ("attempts", "bids", "clearings", "accounts")
TENDER = 'value = 1.5\nreserve = 0.9\npenalty = 0.25\npostings = 2\nexclude = "hired"\n'
ARMS = (
    '[[arm]]\nname = "second"\nmechanism = { second_score = {} }\n',
    '[[arm]]\nname = "first"\nmechanism = { first_score = {} }\n',
)
_SUM = re.compile(r"Add (\d+) and (\d+)\.")


def lay_out(
    folder: Path,
    url: str,
    *,
    tasks: int = 6,
    agents: Sequence[str] = AGENTS,
    own: str = "",
    top: str = "",
    world: str = "",
    tender: str = TENDER,
    arms: Sequence[str] = ARMS,
    timeout: float = 5.0,
) -> Path:
    """Write scenario, respondents and tasks; returns the scenario. own: keys of all agents; top: of the respondents."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'tasks = "tasks.jsonl"\nverify = "number"\n{top}\n[defaults]\nendpoint = "{url}"\nkey = "THE_KEY"']
    lines += [f"usd_per_million = {{ input = 10.0, output = 1000.0 }}\ntimeout = {timeout}\n{own}"]
    lines += [f'[agents.{name}]\nmodel = "{name}-1"' for name in agents]
    (folder / "respondents.toml").write_text("\n".join(lines) + "\n")
    (folder / "tasks.jsonl").write_text("".join(json.dumps(task(place)) + "\n" for place in range(tasks)))
    path = folder / "s.toml"
    parts = ['question = "Which?"\nseed = 3\nreplications = 1\n', '[world]\nlive = "respondents.toml"']
    parts += [f"arrivals = {{ every = 1 }}\nduration = 3\n{world}", f"[tender]\n{tender}", "[bidders]"]
    path.write_text("\n".join([*parts, 'policy = "truthful"\non_retry = "same"\n', *arms]))
    return path


def task(place: int) -> dict[str, Any]:
    """A sum."""
    one, other = 11 + 3 * place, 7 + place * place
    return {"id": f"t{place}", "prompt": f"Add {one} and {other}.", "answer": one + other}


def purpose(sent: Sent) -> str:
    """What a question asks for."""
    form = sent.body.get("response_format")
    return str(form["json_schema"]["name"]) if form else "work"


def model(sent: Sent) -> str:
    """Whom it asks."""
    return str(sent.body["model"])


def adds(sent: Sent) -> Does:
    """What the model says: of one question always the same, whoever asks when."""
    draw = random.Random(f"{model(sent)} {sent.prompt}")
    one, other = map(int, _SUM.findall(sent.prompt)[0])
    if purpose(sent) == "work":
        return says(f"It is {one + other + (draw.random() < 0.4)}.", usage=(40, 20))
    claim = draw.randint(30, 95)
    said = {"claim": claim, "ask": round(draw.uniform(0.05, 0.8), 2)}
    return says(json.dumps(said if purpose(sent) == "bid" else {"claim": claim, "cost": 0.02}), usage=(60, 15))


def always(sent: Sent, nth: int) -> Does:
    """`adds`, as a script."""
    return adds(sent)


def ledger(folder: Path) -> dict[str, bytes]:
    """The bytes of a run's ledger."""
    return {name: (folder / f"{name}.parquet").read_bytes() for name in LEDGER}


def events(journal: Path) -> list[dict[str, Any]]:
    """Its lines."""
    return [json.loads(line) for line in journal.read_text().splitlines()]


def kinds(journal: Path) -> Counter[str]:
    """How many lines of each kind."""
    return Counter(event["e"] for event in events(journal))


def those(of: str, does: Does, to: Callable[[Sent], bool] = lambda sent: True) -> Callable[[Sent, int], Does]:
    """A script that does `does` where it is asked for that purpose, and adds elsewhere."""
    return lambda sent, nth: does if purpose(sent) == of and to(sent) else adds(sent)
