"""What is wrong with a live command is said before it sends anything, a line each; what stops it can be mended.

All of it at the command line, against a server that counts what it is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.live.answers import Answers
from tests.cli.command import Said, bidlab, files
from tests.live.adders import ARMS, KEY, TENDER, adds, always, kinds, lay_out, ledger, model, purpose, those
from tests.live.server import Does, Sent, Server, says, serving

pytestmark = pytest.mark.usefixtures("key")
COMMANDS = ("elicit", "panel", "live")
MONEY = ("--budget-usd", "400")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One whose models add; no test of bad input sends it anything."""
    with serving(always) as one:
        yield one


def said(command: str, folder: Path, *more: str | Path) -> Said:
    """Run a live command on what stands in the folder."""
    if command == "live":
        return bidlab("live", folder / "s.toml", "--out", folder / "out", "--no-figures", *more)
    return bidlab(command, folder / "tasks.jsonl", "--respondents", folder / "respondents.toml", *more)


def edit(path: Path, old: str, new: str, count: int = -1) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))


def refused(found: Said, server: Server, *patterns: str) -> None:
    """It says one line for each pattern, in this order, exits with 2, and has sent nothing."""
    lines = found.err.splitlines()
    assert (found.code, found.out) == (2, "")
    assert len(lines) == len(patterns), found.err
    for line, pattern in zip(lines, patterns, strict=True):
        assert re.search(f"^bidlab: .*{pattern}", line), (pattern, line)
    assert not server.sends


@pytest.mark.parametrize("command", COMMANDS)
def test_money_and_keys_are_asked_for_together(
    command: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, server.url)
    monkeypatch.delenv("THE_KEY")
    unset = [f"agent '{name}': environment variable THE_KEY is not set" for name in ("zoe", "amy", "bob")]
    refused(said(command, tmp_path), server, "--budget-usd is missing", *unset)
    refused(said(command, tmp_path, "--budget-usd", "ten"), server, "--budget-usd ten: must be dollars > 0", *unset)
    assert "answers.jsonl" not in files(tmp_path)


@pytest.mark.parametrize("command", COMMANDS)
def test_all_faults_of_respondents_are_said_at_once(command: str, server: Server, tmp_path: Path) -> None:
    lay_out(tmp_path, server.url, top="retries = 2\n[prompts]\nbids = 'x.txt'")
    path = tmp_path / "respondents.toml"
    edit(path, "usd_per_million", "#")
    edit(path, "[agents.zoe]", "[agents.zoe]\ntemprature = 1\nusd_per_million = 0")
    edit(path, "[agents.amy]", '[agents.amy]\ncommand = ["x"]')
    refused(
        said(command, tmp_path, *MONEY),
        server,
        "retries: unknown key",
        r"agents\.zoe\.temprature: unknown key \(did you mean 'temperature'\?\)",
        r"agents\.amy: must hold one of endpoint, command, profile, table; got endpoint and command",
        r"agents\.bob: usd_per_million is missing; .* what is free says 0",
    )
    edit(path, "retries = 2", "")
    edit(path, "temprature = 1", "")
    edit(path, 'command = ["x"]', "usd_per_million = 0")
    edit(path, "[agents.bob]", "[agents.bob]\nusd_per_million = 0")
    refused(said(command, tmp_path, *MONEY), server, r"prompts\.bids: unknown purpose \(did you mean 'bid'\?\)")
    path.write_text("[agents.zoe]\ntimeout = 3\n[agents.amy]\n")
    kinds_left = [rf"agents\.{name}: must hold one of .*; none is there" for name in ("zoe", "amy")]
    refused(said(command, tmp_path, *MONEY), server, *kinds_left)


@pytest.mark.parametrize("command", COMMANDS)
def test_all_faults_of_templates_are_said_at_once(command: str, server: Server, tmp_path: Path) -> None:
    lay_out(tmp_path, server.url, top='[prompts]\nbid = "bid.txt"\nwork = "work.txt"')
    (tmp_path / "bid.txt").write_text("$taks\n$task $answer_form $claim")
    (tmp_path / "work.txt").write_text("Do it.")
    refused(
        said(command, tmp_path, *MONEY),
        server,
        r"bid\.txt: line 1: unknown field 'taks' \(did you mean 'task'\?\)",
        r"bid\.txt: line 2: unknown field 'claim'",
        r"work\.txt: field 'task' is missing",
    )


def test_a_task_needs_a_verifier_where_somebody_works(server: Server, tmp_path: Path) -> None:
    lay_out(tmp_path, server.url, tasks=2)
    edit(tmp_path / "respondents.toml", 'verify = "number"', "")
    missing = [rf"tasks\.jsonl: row {row} .*: verify: is missing" for row in (1, 2)]
    for command in ("panel", "live"):
        refused(said(command, tmp_path, *MONEY), server, *missing)
    with serving(always) as other:
        edit(tmp_path / "respondents.toml", server.url, other.url)
        assert said("elicit", tmp_path, *MONEY).code == 0
        assert len(other.sends) == 6


@pytest.mark.parametrize("command", COMMANDS)
def test_tasks_that_have_one_name(command: str, server: Server, tmp_path: Path) -> None:
    lay_out(tmp_path, server.url)
    edit(tmp_path / "tasks.jsonl", '"t3"', '"t1"')
    refused(said(command, tmp_path, *MONEY), server, r"tasks\.jsonl: row 4 .*: id: 't1' is that of row 2 too")


@pytest.mark.parametrize("command", ["panel", "live"])
def test_a_judge_must_be_somebody_who_can_be_asked(command: str, server: Server, tmp_path: Path) -> None:
    lay_out(tmp_path, server.url)
    edit(tmp_path / "respondents.toml", '"number"', '{ judge = { respondent = "zoo", template = "judge.txt" } }')
    (tmp_path / "judge.txt").write_text("$task $wrk $answer_form")
    refused(
        said(command, tmp_path, *MONEY),
        server,
        r"respondents\.toml: judge: no agent 'zoo' \(did you mean 'zoe'\?\)",
        r"judge\.txt: line 1: unknown field 'wrk' \(did you mean 'work'\?\)",
        r"judge\.txt: field 'work' is missing",
    )


def test_a_live_scenario_is_played_by_live_alone(server: Server, tmp_path: Path) -> None:
    path = lay_out(tmp_path, server.url, arms=[*ARMS, '[sweep]\n"tender.penalty" = [0.0, 1.0]\n'])
    edit(path, '\non_retry = "same"', "")  # nobody may try again, of which a warning would tell
    refused(bidlab("run", path, "--out", tmp_path / "out"), server, "s: is live: play it with `bidlab live`")
    refused(bidlab("sweep", path, "--out", tmp_path / "out"), server, r"world\.live: cannot be swept")
    edit(path, 'live = "respondents.toml"', 'live = "respondents.toml"\ntable = "t.csv"')
    refused(said("live", tmp_path, *MONEY), server, "must hold either table .* or profile .* or live")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.partial").exists()


RECORD = 'advice = { record = "redrawn", tasks = 9 }\nexpected_cost = { record = "redrawn", tasks = 9 }'
PLANS = "plans = { budgets = [1.0], cost_sd = 0.1 }"
MEANINGLESS: list[tuple[str, str, str, list[str]]] = [  # [bidders], [market], [standing] -> keys that it names
    (
        'card = { record = "past", weight = 0.5, cost_weight = 0.5 }',
        "inspection = { rate = 1.0, cost = 0.1, harm = 0.2 }",
        RECORD,
        ["bidders.policy", "bidders.card", "market.inspection", "standing.advice", "standing.expected_cost"],
    ),
    (PLANS, "alone = true", "", ["bidders.policy", "bidders.plans", "market.alone"]),
    ('"on_retry" = "update"', "", 'advice = "outcome"', ["bidders.policy", "bidders.on_retry", "standing.advice"]),
]


@pytest.mark.parametrize(("bidders", "market", "standing", "keys"), MEANINGLESS)
def test_all_that_has_no_meaning_live_is_said_at_once(
    bidders: str, market: str, standing: str, keys: list[str], server: Server, tmp_path: Path
) -> None:
    path = lay_out(tmp_path, server.url, arms=[f"[market]\n{market}\n[standing]\n{standing}\n", ARMS[0]])
    retry = "" if "on_retry" in bidders else 'on_retry = "same"'
    edit(
        path, 'policy = "truthful"\non_retry = "same"', f"policy = {{ mark_up = {{ rate = 0.2 }} }}\n{retry}\n{bidders}"
    )
    refused(said("live", tmp_path, *MONEY), server, *(f"arm 'second': {key}[,:]" for key in keys))


# What a server makes of it.


def test_a_check_names_every_endpoint_that_cannot_be_held_to_a_budget(tmp_path: Path) -> None:
    def script(sent: Sent, nth: int) -> Does:
        if model(sent) == "bob-1":
            return Does(404, {"error": {"message": "The model `bob-1` does not exist"}})
        return says("1, 2", usage=None if model(sent) == "zoe-1" else (20, 9))

    with serving(script) as one:
        lay_out(tmp_path, one.url)
        found = said("live", tmp_path, *MONEY, "--check")
    assert found.code == 2
    no_usage, unknown = found.err.splitlines()
    assert no_usage == "bidlab: agent 'zoe': counts no tokens (usage), so that no budget can hold"
    assert unknown.startswith("bidlab: agent 'bob': 127.0.0.1:")
    assert unknown.endswith(
        "answered 404: The model `bob-1` does not exist; mend its model or endpoint in the respondents' file, then run "
        "again to go on"
    )


STOPS = [
    (401, "bad key", "key"),
    *(
        pytest.param(*one, marks=pytest.mark.slow)
        for one in [
            (404, "no such model", "model or endpoint"),
            (403, "not you", "key"),
            (400, "schema?", "parameters, or what it says of output"),
        ]
    ),
]


@pytest.mark.parametrize(("status", "note", "mend"), STOPS)
@pytest.mark.parametrize("command", ["live", pytest.param("panel", marks=pytest.mark.slow)])
def test_what_stops_a_run_in_the_middle_is_one_line_and_can_be_mended(
    command: str, status: int, note: str, mend: str, tmp_path: Path
) -> None:
    journal = tmp_path / "answers.jsonl"
    answer = Does(status, {"error": {"message": f"{note} {KEY}"}})
    with serving(those("work", answer)) as one:
        lay_out(tmp_path, one.url)
        found = said(command, tmp_path, *MONEY)
        assert (found.code, found.out) == (2, "")
        (line,) = found.err.splitlines()
        stated = f"answered {status}: {note} [THE_KEY]; mend its {mend} in the respondents' file, then run again"
        assert re.match(r"bidlab: agent '(zoe|amy|bob)': 127\.0\.0\.1:\d+ ", line)
        assert stated in line
        before = set(Answers.read(journal).keys)
        assert Answers.read(journal).unended == 0
        one.script = always
        assert said(command, tmp_path, *MONEY).code == 0
        assert before < set(Answers.read(journal).keys)
        assert len(one.sends) == kinds(journal)["sent"]
    assert kinds(journal)["got"] == len(Answers.read(journal))


def test_a_budget_that_is_spent_stops_in_one_line_and_more_goes_on(tmp_path: Path) -> None:
    journal = tmp_path / "a/answers.jsonl"
    with serving(always) as one:
        for name in ("a", "b"):
            lay_out(tmp_path / name, one.url, tasks=12)
        found = said("live", tmp_path / "a", "--budget-usd", "4.3")
        assert found.code == 2
        (line,) = found.err.splitlines()
        assert re.search(r"^bidlab: \$0\.\d+ of a budget of \$4\.3000 is spent and the next call may cost \$4\.", line)
        assert line.endswith("run again with a larger budget to go on")
        held = Answers.read(journal)
        assert 0 < held.spent < 4.3
        assert held.unended == 0
        assert said("live", tmp_path / "a", *MONEY).code == 0
        assert said("live", tmp_path / "b", *MONEY).code == 0
        assert len(one.sends) == kinds(journal)["sent"] + kinds(tmp_path / "b/answers.jsonl")["sent"]
    assert ledger(tmp_path / "a/out") == ledger(tmp_path / "b/out")


def without(journal: Path, of: Callable[[dict[str, Any]], bool]) -> int:
    """Take answers, and what else is known of their keys, out of the journal; how many there were."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    out = {event["key"] for event in lines if event["e"] == "sent" and of(event["question"])}
    left = [event for event in lines if event["key"] not in out]
    number = {old: new for new, old in enumerate((e["n"] for e in left if e["e"] == "sent"), 1)}
    left = [event | ({"n": number[event["n"]]} if "n" in event else {}) for event in left]
    journal.write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in left))
    return len(out)


def test_offline_says_all_that_is_missing_and_what_it_would_cost(tmp_path: Path) -> None:
    journal = tmp_path / "answers.jsonl"
    with serving(always) as one:
        lay_out(tmp_path, one.url)
        for command in ("live", "panel"):
            assert said(command, tmp_path, *MONEY).code == 0
            assert said(command, tmp_path, "--offline", "--force").code == 0
        sends = len(one.sends)
        whole = journal.read_text()
        claims = without(journal, lambda question: question["purpose"] == "claim" and question["agent"] == "amy")
        work = without(journal, lambda question: question["purpose"] == "work" and question["task"] == "t2")
        assert (claims, work) == (6, 3)
        found = said("panel", tmp_path, "--offline")
        (missing,) = found.err.splitlines()
        assert "answers.jsonl: 9 of 36 answers are missing: 6 of purpose claim, 3 of purpose work, at most $" in missing
        assert missing.endswith("; the first: claim of task 't0' by agent 'amy'; nobody is asked offline")
        most = float(re.findall(r"at most \$([0-9.]+)", missing)[0])
        assert 3 * 4.0 + 6 * 0.4 < most < 3 * 4.2 + 6 * 0.5
        journal.write_text(whole)
        bids = without(journal, lambda question: question["purpose"] == "bid" and question["task"] in ("t1", "t4"))
        found = said("live", tmp_path, "--offline", "--force")
        missing = found.err.splitlines()[0]
        assert (found.code, len(one.sends)) == (2, sends)
        at_least = re.findall(r"answers\.jsonl: (\d+) of \d+ answers are missing: (\d+) of purpose bid", missing)
        assert at_least
        assert int(at_least[0][1]) <= bids
        assert "(by a rehearsal: later ones hang on these)" in missing
        assert "the first: bid of task 't1' by agent 'zoe'" in missing
        dry = said("live", tmp_path, "--dry-run")
        assert dry.code == 0
        assert said("live", tmp_path, *MONEY, "--force").code == 0
        assert len(one.sends) == sends + bids
        dry = said("live", tmp_path, "--dry-run")
        (row,) = [line.split() for line in dry.out.splitlines() if line.startswith("all arms")]
        assert row[3:] == ["0", "0", "$0.00", "$0.00"], "what is held is not to be paid"


@pytest.mark.parametrize("change", ["model", "prompt"])
def test_answers_of_another_prompt_or_model_are_counted(change: str, tmp_path: Path) -> None:
    with serving(always) as one:
        lay_out(tmp_path, one.url, arms=ARMS[:1], tender=TENDER.replace("postings = 2", "postings = 1"))
        assert said("live", tmp_path, *MONEY).code == 0
        held = len(Answers.read(tmp_path / "answers.jsonl"))
        works = sum(question.purpose == "work" for question, _ in Answers.read(tmp_path / "answers.jsonl"))
        if change == "model":
            edit(tmp_path / "respondents.toml", 'model = "amy-1"', 'model = "amy-2"')
            fit = sum(question.agent != "amy" for question, _ in Answers.read(tmp_path / "answers.jsonl"))
        else:
            edit(tmp_path / "respondents.toml", "[defaults]", '[prompts]\nbid = "bid.txt"\n[defaults]')
            (tmp_path / "bid.txt").write_text("$task $payment\n$answer_form")
            fit = works
        off = said("live", tmp_path, "--offline", "--force")
        assert off.code == 2
        missing, counted = off.err.splitlines()
        assert "answers are missing" in missing
        pattern = (
            r"of (\d+) answers (\d+) fit this run, (\d+) do not: (\d+) are of another prompt, model or limit of tokens"
        )
        total, fits, others, same = map(int, re.findall(pattern, counted)[0])
        assert (total, fits + others) == (held, held)
        assert fits <= fit
        assert 0 < same <= others
        on = said("live", tmp_path, *MONEY, "--force")
        assert on.code == 0
        assert on.err.splitlines() == [counted]


# Secrets.


def echo(sent: Sent, nth: int) -> Does:
    """The key comes back in whatever there is: texts, refusals, errors, headers, cut bodies."""
    place = int(re.findall(r"Add (\d+)", sent.prompt)[0]) % 5
    if nth == 1 and place == 0:
        return Does(503, f"<html>{KEY}</html>", {"X-Key": KEY, "Retry-After": "0"})
    if nth == 1 and place == 1:
        return says(KEY)._replace(cut=120)
    if purpose(sent) == "work":
        return says(f"It is {KEY}") if place != 2 else says(None, refusal=f"not with {KEY}")
    made = adds(sent)
    return made if place != 3 else says(f'{{"claim": 50, "ask": 0.2, "reason": "{KEY[:20]}", "abstain": "{KEY}"}}')


@pytest.mark.parametrize("end", [None, 401, pytest.param(429, marks=pytest.mark.slow)])
def test_a_key_is_in_no_file_and_in_nothing_that_is_said(end: int | None, tmp_path: Path) -> None:
    def script(sent: Sent, nth: int) -> Does:
        if end is not None and purpose(sent) == "work":
            return Does(end, {"error": {"message": f"Incorrect key: {KEY}"}}, {"X-Key": KEY})
        return echo(sent, nth)

    with serving(script) as one:
        lay_out(tmp_path, one.url, tasks=10, top="repair = 1\ncard = true")
        texts = []
        for command, more in (("live", MONEY), ("panel", (*MONEY, "--out", str(tmp_path / "t.csv")))):
            found = said(command, tmp_path, *more)
            assert found.code == (0 if end is None else 2), found.err
            texts += [found.out, found.err]
        texts.append(said("live", tmp_path, "--dry-run", "--show-prompts").out)
        assert {sent.headers["Authorization"] for sent in one.sends} == {f"Bearer {KEY}"}
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > (12 if end is None else 4)
    assert not [path for path in kept if KEY[:12].encode() in path.read_bytes()]
    assert not [text for text in texts if KEY[:12] in text]
    assert "[THE_KEY]" in (tmp_path / "answers.jsonl").read_text() + "".join(texts)


def test_some_of_the_respondents_may_take_part(tmp_path: Path) -> None:
    with serving(always) as one:
        lay_out(tmp_path, one.url, world='agents = ["bob", "zoe"]', arms=ARMS[:1])
        found = said("live", tmp_path, *MONEY)
        assert found.code == 0, found.err
        assert {model(sent) for sent in one.sends} == {"bob-1", "zoe-1"}
    assert {question.agent for question, _ in Answers.read(tmp_path / "answers.jsonl")} == {"bob", "zoe"}


def test_a_table_that_cannot_be_written_is_said_before_anything_is_paid(server: Server, tmp_path: Path) -> None:
    lay_out(tmp_path, server.url)
    (tmp_path / "file").write_text("")
    refused(said("panel", tmp_path, *MONEY, "--out", tmp_path / "file" / "t.csv"), server, "t.csv: cannot be written: ")
    (tmp_path / "t.csv").write_text("")
    refused(said("elicit", tmp_path, *MONEY, "--out", tmp_path / "t.csv"), server, "t.csv: is there; choose another")
