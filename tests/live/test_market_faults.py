"""Whole markets whose server fails in every way: what each becomes in the ledger, in the journal and in the money."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from sim.experiment.run_folder import Run
from sim.live.answers import Answers
from tests.cli.command import Said, bidlab
from tests.live import adders
from tests.live.adders import adds, events, kinds, lay_out, ledger, model, purpose
from tests.live.server import FAULTS, Does, Sent, says, serving

pytestmark = pytest.mark.usefixtures("key")
BIDS = {  # what comes of zoe's bid at each task -> the word in the ledger, dollars that the answer cost
    "429": ({}, 0.0156),
    "500": ({"late"}, 0.0),
    "html": ({"late"}, 0.0),
    "cut": ({"late"}, 0.0),
    "hang": ({"late"}, 0.0),
    "empty 500": ({"late"}, 0.0),
    "no usage": ({}, math.nan),
    "prose": ({"malformed"}, 0.0101),
    "130": ({"out of range"}, 0.0101),
    "empty": ({"malformed"}, 0.0101),
    "half": ({"cut off"}, 0.0101),
    "broken": ({"malformed"}, 0.0101),
    "refusal": ({"refused"}, 0.0101),
    "filter": ({"refused"}, 0.0101),
    "abstains": ({"abstained"}, 0.0101),
    "fraction": ({"malformed"}, 0.0101),
}
SAYS = {
    "no usage": says('{"claim": 60, "ask": 0.3}', usage=None),
    "prose": says("about 80%", usage=(10, 10)),
    "130": says('{"claim": 130, "ask": 0.1}', usage=(10, 10)),
    "empty": says("", usage=(10, 10)),
    "half": says('{"claim": 8', "length", usage=(10, 10)),
    "broken": says('{"claim": 80, "ask": 0.', usage=(10, 10)),
    "refusal": says(None, refusal="I must not.", usage=(10, 10)),
    "filter": says("", "content_filter", usage=(10, 10)),
    "abstains": says('{"abstain": true}', usage=(10, 10)),
    "fraction": says('{"claim": 0.8, "ask": 0.1}', usage=(10, 10)),
}
WORK = {  # what comes of amy's work at each task -> its status
    "500": "INFRA",
    "html": "INFRA",
    "cut": "INFRA",
    "hang": "INFRA",
    "empty 500": "INFRA",
    "no usage": "FAIL",
    "prose": "FAIL",
    "empty": "FAIL",
    "half": "FAIL",
    "refusal": "FAIL",
}
TENDER = "value = 1.5\nreserve = 0.9\npenalty = 0.25\n"
ARM = ('[[arm]]\nname = "x"\nmechanism = { first_score = {} }\n',)


def fault(name: str, nth: int, sent: Sent) -> Does:
    """429 once; all else for ever."""
    if name == "429" and nth > 1:
        return adds(sent)
    return FAULTS.get(name) or SAYS[name]


def place_of(sent: Sent) -> int:
    """Number of the task that is asked about."""
    return next(place for place in range(len(BIDS)) if str(adders.task(place)["prompt"]) in sent.prompt)


def play(scenario: Path, *more: str) -> Said:
    return bidlab("live", scenario, "--out", scenario.parent / "out", "--budget-usd", "400", "--no-figures", *more)


def check_sends(sends: int, journal: Path) -> None:
    """Sends of the server are those of the journal; each has an end, and no question two answers."""
    count = kinds(journal)
    assert sends == count["sent"]
    got = Counter(event["key"] for event in events(journal) if event["e"] == "got")
    assert set(got.values()) == {1}
    with_end = {event["n"] for event in events(journal) if event["e"] in ("got", "err")}
    assert len(with_end) == count["sent"]


@pytest.mark.slow
def test_each_bid_that_is_none_has_its_own_word_and_costs_what_its_answer_cost(tmp_path: Path) -> None:
    names = list(BIDS)

    def script(sent: Sent, nth: int) -> Does:
        if purpose(sent) == "bid" and model(sent) == "zoe-1":
            return fault(names[place_of(sent)], nth, sent)
        return adds(sent)

    with serving(script) as server:
        said = play(lay_out(tmp_path, server.url, tasks=len(BIDS), tender=TENDER, arms=ARM, timeout=1.5))
        assert said.code == 0, said.err
        check_sends(len(server.sends), tmp_path / "answers.jsonl")
    bids = Run.open(tmp_path / "out").ledger.bids
    own = bids[bids.agent == "zoe"].set_index("task")
    answers = Answers.read(tmp_path / "answers.jsonl")
    reserve = next(answer.usd for question, answer in answers if answer.output_tokens is None and not answer.error)
    for place, name in enumerate(names):
        words, usd = BIDS[name]
        row = own.loc[f"t{place}"]
        assert row.outcome in (words or {"won", "lost"}), (name, row.outcome)
        cost = reserve if math.isnan(usd) else 0.0 if row.outcome == "abstained" else usd
        if name == "429":
            cost = 60 * 1e-5 + 15 * 1e-3
        assert row.bid_cost == pytest.approx(cost), name
        assert math.isnan(row.ask) == bool(words), name
    paid = math.fsum(answer.usd for _, answer in answers)
    charged = math.fsum(event["usd"] for event in events(tmp_path / "answers.jsonl") if event["e"] == "err")
    assert answers.spent == pytest.approx(paid + charged)
    assert charged == pytest.approx(8 * reserve, rel=0.01), "html, cut, hang and an empty 500, twice each"
    assert "no bid: " in said.out


@pytest.mark.slow
def test_work_without_an_answer_is_lost_and_work_that_is_none_has_failed(tmp_path: Path) -> None:
    names = list(WORK)

    def script(sent: Sent, nth: int) -> Does:
        bid = says('{"claim": 90, "ask": 0.1}')
        return fault(names[place_of(sent)], nth, sent) if purpose(sent) == "work" else bid

    with serving(script) as server:
        path = lay_out(tmp_path, server.url, tasks=len(WORK), tender=TENDER, arms=ARM, timeout=1.5, agents=["amy"])
        said = play(path)
        assert said.code == 0, said.err
        check_sends(len(server.sends), tmp_path / "answers.jsonl")
    run = Run.open(tmp_path / "out")
    attempts = run.ledger.attempts.set_index("task")
    for place, name in enumerate(names):
        row = attempts.loc[f"t{place}"]
        assert (row.status, row.success) == (WORK[name], False), name
        assert (row.cost == 0) == (row.status == "INFRA"), name
    world = run.world(run.scenario.arms[0])
    assert world.infra.sum() == (attempts.status == "INFRA").sum()


SLOWER = pytest.param("first_score", marks=pytest.mark.slow)


@pytest.mark.parametrize("mechanism", ["second_score", SLOWER])
def test_sixteen_at_once_give_the_ledger_of_one_at_a_time(mechanism: str, tmp_path: Path) -> None:
    luck = random.Random(5)

    def slow(sent: Sent, nth: int) -> Does:
        return adds(sent)._replace(hang=luck.uniform(0.001, 0.03))

    world = 'latency = { uniform = [0, 2] }\norder = "shuffled"'
    tender = adders.TENDER.replace("postings = 2", "postings = 3")
    standing = '[standing]\nreputation = "agent_economy"\n'
    arm = f'[[arm]]\nname = "x"\nmechanism = {{ {mechanism} = {{}} }}\n'
    market = "[market]\nwindow = 2\ncapacity = 1\n"
    found, asked = [], []
    with serving(slow) as server:
        for concurrency in ("16", "1"):
            path = lay_out(
                tmp_path / concurrency,
                server.url,
                tasks=12,
                world=world,
                tender=tender,
                top="card = true\nrepair = 1",
                arms=[market, standing, arm],
            )
            said = play(path, "--concurrency", concurrency)
            assert said.code == 0, said.err
            found.append(ledger(path.parent / "out"))
            asked.append(sorted(event["key"] for event in events(path.parent / "answers.jsonl") if event["e"] == "got"))
    assert found[0] == found[1]
    assert asked[0] == asked[1]
    assert len(pd.read_parquet(tmp_path / "1/out/attempts.parquet")) > 5


def test_a_repair_is_asked_once_and_its_cost_is_in_the_bid(tmp_path: Path) -> None:
    def script(sent: Sent, nth: int) -> Does:
        if purpose(sent) != "bid" or model(sent) != "zoe-1":
            return adds(sent)
        again = "could not be read" in sent.prompt
        return says(json.dumps({"claim": 70, "ask": 0.4}) if again else "about 80%", usage=(10, 10))

    with serving(script) as server:
        said = play(lay_out(tmp_path, server.url, tender=TENDER, arms=ARM, top="repair = 1"))
        assert said.code == 0, said.err
        check_sends(len(server.sends), tmp_path / "answers.jsonl")
    bids = Run.open(tmp_path / "out").ledger.bids
    own = bids[bids.agent == "zoe"]
    assert set(own.outcome) <= {"won", "lost"}
    assert own.bid_cost.to_list() == pytest.approx([2 * 0.0101] * 6)


def test_a_card_tells_the_past_in_its_own_arm_and_what_arms_share_is_paid_once(tmp_path: Path) -> None:
    with serving(adders.always) as server:
        said = play(lay_out(tmp_path, server.url, tasks=8, tender=TENDER, top="card = true"))
        assert said.code == 0, said.err
        first = [sent.prompt for sent in server.sends if purpose(sent) == "bid" and place_of(sent) == 0]
        cards = [sent.prompt for sent in server.sends if "You have done" in sent.prompt]
    assert len(first) == 6, "three agents, two rules"
    assert not [prompt for prompt in first if "You have done" in prompt]
    assert cards
    lines = said.out.splitlines()
    rows = [line.split() for line in lines[lines.index("answers") :] if line.startswith(adders.AGENTS)]
    assert math.fsum(float(row[-1][1:]) for row in rows) == pytest.approx(
        Answers.read(tmp_path / "answers.jsonl").spent, abs=2e-4
    )
