"""agent-economy's ledgers are read, and ours written as such give back the same claims, outcomes and costs."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import bidlab as bl
import pytest

from sim.ledger.economy_events import economy_events
from tests.cli.command import bidlab, lay_out

TRACE = Path(__file__).parents[2].parent / "shared" / "data" / "agent_economy_trace.jsonl"  # may not be copied
GOLDEN = Path(__file__).parents[1] / "golden"
FIELDS = {  # of each type of event, as the engine writes them
    "run_created": "payment_rule",
    "worker_registered": "balance model_ref reputation worker_id worker_type",
    "task_created": "acceptance allowed_paths bounty context deps description files_hint hidden_acceptance judges "
    "max_attempts submission_kind task_id title verify_mode",
    "bid_submitted": "bids llm_usage model_ref worker_id",
    "market_cleared": "assignments",
    "task_assigned": "bid expected_cost score score_snapshot task_id worker_id",
    "round_advanced": "round_id",
    "patch_submitted": "llm_usage model_ref notes submission_kind task_id worker_id",
    "verification_passed": "status task_id worker_id",
    "verification_failed": "status task_id worker_id",
    "task_completed": "award_expected_cost award_score award_score_snapshot bid bounty_current holdback_amount "
    "patch_kind sandbox submission_kind success task_id verify_status worker_id",
    "payment_made": "amount ask bounty holdback payment_rule task_id worker_id",
    "bounty_adjusted": "bounty_current reason task_id",
}
PENALTIES = {
    "bid_usage_cost": "amount llm_usage model_ref reason worker_id",
    "usage_cost": "amount llm_usage model_ref reason task_id worker_id",
    "verification_fail": "amount base_penalty confidence_penalty confidence_penalty_floor reason reported_p_success "
    "task_id worker_id",
}
BID = {"ask", "eta_minutes", "notes", "self_assessed_p_success", "task_id"}
Row = tuple[str, str, float, str, float]


def told(event: dict[str, Any]) -> str:
    """The fields an event should have."""
    return PENALTIES[event["payload"]["reason"]] if event["type"] == "penalty_applied" else FIELDS[event["type"]]


def imported(path: Path) -> list[Row]:
    frame = bl.import_table(path, "agent_economy").frame
    status = ["INFRA" if won is None else "PASS" if won else "FAIL" for won in frame["success"]]
    columns = (frame["agent"], frame["task"], frame["claim"].astype(float), status, frame["cost"].astype(float))
    return list(zip(*columns, strict=True))


def of_ledger(attempts: Any) -> Counter[Row]:
    names = ("agent", "task", "claim", "status", "cost")
    rows = attempts.astype({"status": str}).replace({"status": {"CANCELLED": "INFRA"}})
    return Counter(zip(*(rows[name].tolist() for name in names), strict=True))


@pytest.fixture(scope="module", params=["live.toml", "auctions.toml"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    said = bidlab("run", GOLDEN / request.param, "--out", folder / "out", "--force")
    assert said.code == 0, said.err
    return folder / "out"


def test_what_is_written_is_read_back(run: Path, tmp_path: Path) -> None:
    found = bl.load(run)
    read = set()
    for arm in found.run.scenario.arms:
        path = tmp_path / f"{arm.name.replace('/', '-')}.jsonl"
        said = bidlab(
            "export", run, "--format", "agent_economy", "--arm", arm.name, "--replication", "1", "--out", path
        )
        assert said.code == 0, said.err
        own = found.attempts[(found.attempts["arm"] == arm.name) & (found.attempts["replication"] == 1)]
        events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert sum(one["type"] == "task_completed" for one in events) == len(own)
        assert [one["round_id"] for one in events] == sorted(one["round_id"] for one in events)
        for one in events:
            assert set(one["payload"]) == set(told(one).split()), one
            assert all(set(bid) == BID for bid in one["payload"].get("bids", []))
        if len(own) and not own["claim"].isna().any():
            assert Counter(imported(path)) == of_ledger(own)
            read.add(arm.name)
    assert read


def test_money_of_an_attempt_is_all_there(run: Path) -> None:
    found = bl.load(run)
    for arm in found.run.scenario.arms:
        rows = found.run.ledger.arm(arm.name)
        own = type(rows)(*(table[table["replication"] == 0] for table in (rows.attempts, rows.bids, rows.clearings)))
        events = list(economy_events(own, payment_rule="x", rounds=arm.settings.market.round is not None))
        paid = [one["payload"]["amount"] for one in events if one["type"] == "payment_made"]
        reasons: dict[str, list[float]] = {}
        for one in events:
            if one["type"] == "penalty_applied":
                reasons.setdefault(one["payload"]["reason"], []).append(one["payload"]["amount"])
        fined, bid = reasons.get("verification_fail", []), reasons.get("bid_usage_cost", [])
        assert math.fsum([*paid, *(-fine for fine in fined)]) == pytest.approx(own.attempts["payment"].sum())
        assert math.fsum(bid) == pytest.approx(own.bids["bid_cost"].sum())
        assert math.fsum(reasons.get("usage_cost", [])) == pytest.approx(own.attempts["cost"].sum())


@pytest.mark.skipif(not TRACE.exists(), reason="the engine's own trace is not here")
def test_the_engines_own_ledger() -> None:
    rows = imported(TRACE)
    assert [row[:2] for row in rows] == [
        *(("w2", "T1"), ("w2", "T2"), ("w3", "T2"), ("w2", "T2"), ("w1", "T2"), ("w1", "T3"))
    ]
    assert [row[2:4] for row in rows] == [
        *((0.65, "PASS"), (0.65, "FAIL"), (0.85, "FAIL"), (0.65, "FAIL"), (0.6, "PASS"), (0.6, "PASS"))
    ]
    assert {row[4] for row in rows} == {2.7}  # (.2 x 9000 + .6 x 1500) / 1000 credits
    kinds = set()
    for line in TRACE.read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event["type"] not in ("plan_revision_requested", "discussion_post"):
            assert set(event["payload"]) == set(told(event).split())
            kinds.add(event["type"])
    assert kinds == {*FIELDS, "penalty_applied"}


def write(path: Path, *events: tuple[str, dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps({"round_id": 0, "type": t, "payload": p}) + "\n" for t, p in events))
    return path


def ended(status: str) -> tuple[str, dict[str, Any]]:
    bid = {"self_assessed_p_success": 0.4}
    return "task_completed", {"worker_id": "w", "task_id": "t", "verify_status": status, "bid": bid}


def used(amount: Any) -> tuple[str, dict[str, Any]]:
    return "penalty_applied", {"worker_id": "w", "task_id": "t", "reason": "usage_cost", "amount": amount}


def test_costs_are_those_debited_since_the_attempt_before(tmp_path: Path) -> None:
    path = write(tmp_path / "l.jsonl", used(2), used(3), ended("FAIL"), ended("INFRA"), used(4), ended("PASS"))
    assert [row[3:] for row in imported(path)] == [("FAIL", 5.0), ("INFRA", 0.0), ("PASS", 4.0)]


def test_faults_name_line_and_field(tmp_path: Path) -> None:
    for events, words in (
        ((used("2"), ended("PASS")), "payload.amount: must be a number of credits; got '2'"),
        ((used(2), ended("TIMEOUT")), "TIMEOUT"),
        ((ended("PASS"),), "cost"),
    ):
        path = write(tmp_path / "l.jsonl", *events)
        said = bidlab("import", path, "--format", "agent_economy")
        assert said.code == 2
        assert words in said.err
    (tmp_path / "l.jsonl").write_text('{"event": "x"}\n')
    said = bidlab("import", tmp_path / "l.jsonl", "--format", "agent_economy")
    assert (said.code, "is no event of agent-economy" in said.err) == (2, True)


def test_a_free_run_has_its_costs_stated(tmp_path: Path) -> None:
    path = write(tmp_path / "l.jsonl", ended("PASS"))
    said = bidlab("import", path, "--format", "agent_economy", "--set", "columns.cost.null=0")
    assert said.code == 0, said.err


def test_export_refuses_in_a_line(tmp_path: Path) -> None:
    path = lay_out(tmp_path)
    assert bidlab("run", path, "--out", tmp_path / "out").code == 0
    (tmp_path / "there.jsonl").write_text("")
    for options, words in (
        (("--out", tmp_path / "x.csv"), "must end in .jsonl"),
        (("--out", tmp_path / "there.jsonl"), "--force"),
        (("--out", tmp_path / "x.jsonl", "--format", "agent_econmy"), "agent_economy"),
        (("--out", tmp_path / "x.jsonl", "--arm", "y"), "no arm 'y'"),
        (("--out", tmp_path / "x.jsonl", "--replication", "2"), "from 0 to 1"),
    ):
        said = bidlab("export", tmp_path / "out", *options)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert words in said.err
    assert not (tmp_path / "x.jsonl").exists()
