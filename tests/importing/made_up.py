"""Made-up results in each format: 3 agents x 20 tasks with a lost attempt, a repeat and a pair without a row.

Agents and tasks sort otherwise than they stand; costs differ in every row.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

AGENTS = ("zeta-9.1", "alpha", "mid_2")
TASKS = tuple(f"q{number}" for number in range(30, 10, -1))
LOST, TWICE, NONE = ("zeta-9.1", "q27"), ("alpha", "q25"), ("mid_2", "q23")
CLAIM, COST = ("--column", "claim=0.6", "--column", "cost_belief=0.25"), ("--column", "cost=0.5")


class Attempt(NamedTuple):
    """One attempt. success: None where it was lost."""

    agent: str
    task: str
    run: int
    success: bool | None
    cost: float
    claim: float
    seconds: float


def attempts() -> Iterator[Attempt]:
    """All of them, agent by agent and run by run."""
    for i, agent in enumerate(AGENTS):
        for run in (0, 1):
            for t, task in enumerate(TASKS):
                if (agent, task) == NONE or (run == 1 and (agent, task) != TWICE):
                    continue
                lost = (agent, task) == LOST
                won = (3 * i + t) % 4 != 0 if run == 0 else (3 * i + t) % 4 == 0
                number = 100 * i + t + 50 * run
                claim = (20 + 3 * t + i) / 100
                yield Attempt(agent, task, run, None if lost else won, (number + 1) / 1000, claim, number / 8)


class Layout(NamedTuple):
    """arguments: of `bidlab import`. task: how a task is named. cost, claim, seconds: whether the format tells them.

    repeats: it can hold two attempts of a pair. loses: it can hold a lost attempt.
    """

    arguments: tuple[str, ...]
    task: Callable[[str], str] = str
    cost: bool = False
    claim: bool = False
    seconds: bool = False
    repeats: bool = True
    loses: bool = True


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def write_lines(path: Path, rows: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def of(agent: str, run: int) -> list[Attempt]:
    return [one for one in attempts() if (one.agent, one.run) == (agent, run)]


def runs() -> list[tuple[str, int]]:
    return [(agent, run) for agent in AGENTS for run in (0, 1) if of(agent, run)]


def moments(seconds: float) -> tuple[str, str]:
    return "2025-09-05T23:00:00.000000+00:00", f"2025-09-05T23:{int(seconds) // 60:02}:{seconds % 60:09.6f}Z"


def lm_eval(folder: Path) -> Layout:
    for agent, run in runs():
        date = f"2025-01-0{run + 1}T10-20-30.123456"
        rows = []
        for one in of(agent, run):
            for name, value in (("strict", one.success), ("flexible", True)):
                own = {
                    "filter": name,
                    "metrics": ["exact_match"],
                    "exact_match": None if value is None else float(value),
                }
                rows.append({"doc_id": int(one.task[1:]), "doc": {"question": "?"}, "target": "7", **own})
        write_lines(folder / "out" / agent / f"samples_gsm8k_main_{date}.jsonl", rows)
    form = "{lm_eval = {metric = 'exact_match', filter = 'strict'}}"
    return Layout(("out/*/samples_*.jsonl", "--format", form, *CLAIM, *COST), lambda task: f"gsm8k_main:{task[1:]}")


def every_eval_ever(folder: Path) -> Layout:
    for agent, run in runs():
        rows = [
            {
                "schema_version": "instance_level_eval_0.2.2",
                "evaluation_id": f"math/{agent}/17{run}",
                "model_id": agent,
                "evaluation_name": "math",
                "sample_id": one.task,
                "interaction_type": "single_turn",
                "evaluation": {"score": float(bool(one.success)), "is_correct": bool(one.success)},
                "token_usage": {"input_tokens": round(one.cost * 1e6), "output_tokens": 0, "total_tokens": 0},
                "performance": {"latency_ms": one.seconds * 1000},
                "error": "API error" if one.success is None else None,
            }
            for one in of(agent, run)
        ]
        write_lines(folder / agent / f"{run}.jsonl", rows)
    prices = ("--set", 'usd_per_million_tokens."*"={input = 1, output = 2}', "--set", "tick_seconds=0.5")
    arguments = ("**/*.jsonl", "--format", "every_eval_ever", "--set", "lost=error", *prices, *CLAIM)
    return Layout(arguments, lambda task: f"math:{task}", cost=True, seconds=True)


def terminal_bench(folder: Path) -> Layout:
    for agent, run in runs():
        results = []
        for one in of(agent, run):
            start, end = moments(one.seconds)
            own = {"total_input_tokens": round(one.cost * 1e6), "total_output_tokens": 0}
            times = {"agent_started_at": start, "agent_ended_at": end}
            name = f"{one.task}.{run + 1}-of-2.main"
            results.append({"task_id": one.task, "trial_name": name, "is_resolved": one.success, **own, **times})
        if run == 0:
            write_json(folder / "runs" / agent / "results.json", {"results": results, "accuracy": 0.5})
        for result in results if run else []:
            write_json(folder / "runs" / agent / result["task_id"] / result["trial_name"] / "results.json", result)
    prices = ("--set", "usd_per_million_tokens.*={input = 1, output = 2}", "--set", "tick_seconds=0.5")
    return Layout(("runs/**/results.json", "--format", "terminal_bench", *prices, *CLAIM), cost=True, seconds=True)


def harbor(folder: Path) -> Layout:
    for number, one in enumerate(attempts()):
        start, end = moments(one.seconds)
        trial = {
            "task_name": one.task,
            "trial_name": f"{one.task}__{number}",
            "agent_info": {"name": "terminus", "version": "2", "model_info": {"name": one.agent, "provider": "p"}},
            "agent_result": {"n_input_tokens": 5, "cost_usd": one.cost},
            "verifier_result": None if one.success is None else {"rewards": {"reward": float(one.success)}},
            "exception_info": None,
            "agent_execution": {"started_at": start, "finished_at": end},
        }
        write_json(folder / "jobs" / "j" / trial["trial_name"] / "result.json", trial)
    write_json(folder / "jobs" / "j" / "result.json", {"n_total_trials": 60, "stats": {}})
    name = ("--column", "agent=agent_info.model_info.name", "--set", "tick_seconds=0.5")
    return Layout(("jobs/*/*/result.json", "--format", "harbor", *name, *CLAIM), cost=True, seconds=True)


def swe_bench(folder: Path) -> Layout:
    for agent, run in runs():
        found = {one.task: one.success for one in of(agent, run)}
        report = {"total_instances": 20, "schema_version": 2, "completed_ids": [], "submitted_ids": list(found)}
        failed = [task for task, won in found.items() if won is False]
        report |= {"resolved_ids": [task for task, won in found.items() if won], "empty_patch_ids": failed[:1]}
        report |= {"unresolved_ids": failed[1:], "error_ids": [task for task, won in found.items() if won is None]}
        report |= {"incomplete_ids": [task for task in TASKS if task not in found]}
        write_json(folder / f"{agent}.run-{run}.json", report)
    return Layout(("*.run-*.json", "--format", "swe_bench", *CLAIM, *COST))


def swe_bench_instances(folder: Path) -> Layout:
    for one in attempts():
        if one.success is not None:
            path = folder / "logs" / f"run-{one.run}" / one.agent / one.task / "report.json"
            write_json(path, {one.task: {"patch_exists": True, "resolved": one.success, "tests_status": {}}})
    form = "{swe_bench = {report = 'instance'}}"
    return Layout(("logs/*/*/*/report.json", "--format", form, *CLAIM, *COST), loses=False)


def openhands(folder: Path) -> Layout:
    for agent, run in runs():
        rows = []
        for one in of(agent, run):
            report = {"resolved": bool(one.success), "error_eval": one.success is None, "empty_generation": False}
            own = {"test_result": {"git_patch": "", "report": report}, "metrics": {"accumulated_cost": one.cost}}
            rows.append({"instance_id": one.task, "error": None, **own})
        write_lines(folder / "CodeActAgent" / f"{agent}_maxiter_30_N_run_{run}" / "output.jsonl", rows)
    return Layout(("**/output.jsonl", "--format", "openhands", *CLAIM), cost=True)


def helm(folder: Path) -> Layout:
    for agent in AGENTS:
        rows = []
        for one in attempts():
            if one.agent != agent:
                continue
            stats = [] if one.success is None else [{"name": {"name": "exact_match"}, "mean": float(one.success)}]
            tokens = [{"name": {"name": "num_prompt_tokens"}, "mean": one.cost * 1e6}]
            tokens.append({"name": {"name": "num_output_tokens"}, "mean": 0.0})
            tokens.append({"name": {"name": "inference_runtime"}, "mean": one.seconds})
            rows.append({"instance_id": one.task, "train_trial_index": one.run, "stats": [*stats, *tokens]})
        rows.append({**rows[0], "perturbation": {"name": "typos"}})
        write_json(folder / "runs" / f"mmlu:subject=law,model={agent},data=x" / "per_instance_stats.json", rows)
    prices = ("--set", "usd_per_million_tokens.*={input = 1, output = 2}", "--set", "tick_seconds=0.5")
    arguments = ("runs/*/per_instance_stats.json", "--format", "helm", *prices, *CLAIM)
    return Layout(arguments, lambda task: f"mmlu:subject=law:{task}", cost=True, seconds=True)


def routerbench(folder: Path) -> Layout:
    for run in (0, 1):
        found = {(one.agent, one.task): one for one in attempts() if one.run == run}
        headings = ["sample_id", "prompt", "eval_name", *AGENTS, *(f"{agent}|total_cost" for agent in AGENTS)]
        with (folder / f"{run}shot.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*headings, "oracle_model_to_route_to"])
            for task in TASKS if run == 0 else [TWICE[1]]:
                cells = [found.get((agent, task)) for agent in AGENTS]
                scores = ["" if one is None or one.success is None else float(one.success) for one in cells]
                costs = ["" if one is None else one.cost for one in cells]
                writer.writerow([task, "['?']", "mmlu", *scores, *costs, "x"])
    return Layout(("*shot.csv", "--format", "routerbench", "--column", "trial=$file", *CLAIM), cost=True)


def routellm(folder: Path) -> Layout:
    found = {(one.agent, one.task): one for one in attempts() if one.run == 0}
    with (folder / "mmlu_law.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prompt", *AGENTS])
        for task in TASKS:
            cells = [found.get((agent, task)) for agent in AGENTS]
            writer.writerow(["a,\n?", *("" if one is None or one.success is None else one.success for one in cells)])
    place = {task: number for number, task in enumerate(TASKS, start=1)}
    arguments = ("mmlu_law.csv", "--format", "routellm", *CLAIM, *COST)
    return Layout(arguments, lambda task: f"mmlu_law:{place[task]}", repeats=False, loses=False)


def forecasts(folder: Path) -> Layout:
    lines = ["who,qid,p,resolution,day"]
    for one in attempts():
        happened = "" if one.success is None else "Yes" if one.success else "No"
        lines.append(f"{one.agent},{one.task},{one.claim * 100:.0f}%,{happened},2025-0{one.run + 1}-01")
    (folder / "panel.csv").write_text("\n".join(lines))
    names = "forecaster = 'who', question = 'qid', probability = 'p', outcome = 'resolution', when = 'day'"
    form = f"{{forecasts = {{{names}, percent = true}}}}"
    belief = ("--column", "cost_belief=0.25")
    return Layout(("panel.csv", "--format", form, *belief, *COST), claim=True, loses=False)


def forecastbench(folder: Path) -> Layout:
    for agent, run in runs():
        rows = []
        for one in of(agent, run):
            plain = {"id": one.task, "source": "manifold", "direction": None, "forecast": one.claim, "imputed": False}
            resolved = {"resolved": one.success is not None, "resolved_to": float(bool(one.success))}
            rows.append({**plain, **resolved, "resolution_date": "2025-12-01"})
        rows.append({**rows[0], "id": ["a", "b"], "direction": [1, 1]})
        rows.append({**rows[0], "id": "other", "imputed": True})
        about = {"organization": "o", "model": agent, "forecast_due_date": f"2025-0{run + 1}-01"}
        write_json(folder / f"{agent}.{run}.json", {**about, "forecasts": rows})
    belief = ("--column", "cost_belief=0.25")
    arguments = ("*.json", "--format", "forecastbench", *belief, *COST)
    return Layout(arguments, lambda task: f"manifold:{task}@2025-12-01", claim=True, loses=False)


def agent_economy(folder: Path) -> Layout:
    for run in (0, 1):
        rows: list[Any] = [{"round_id": 0, "type": "run_created", "payload": {"payment_rule": "ask"}}]
        for one in (one for one in attempts() if one.run == run):
            of = {"worker_id": one.agent, "task_id": one.task}
            bid = {"task_id": one.task, "ask": 25, "self_assessed_p_success": one.claim, "eta_minutes": 20}
            status = "INFRA" if one.success is None else "PASS" if one.success else "FAIL"
            told = {
                "bid_submitted": {"worker_id": one.agent, "bids": [bid], "llm_usage": None},
                "patch_submitted": of,
                "penalty_applied": {**of, "reason": "usage_cost", "amount": one.cost * 1000},
                "task_completed": {**of, "bid": bid, "verify_status": status, "success": bool(one.success)},
            }
            rows += [{"round_id": 1, "type": kind, "payload": payload} for kind, payload in told.items()]
            fine = {**of, "reason": "verification_fail", "amount": 12}
            rows.append({"round_id": 1, "type": "penalty_applied", "payload": fine})
        write_lines(folder / f"run{run}" / f"ledger{run}.jsonl", rows)
    form = "{agent_economy = {credits_per_dollar = 1000}}"
    belief = ("--column", "cost_belief=0.25")
    return Layout(("run*/ledger*.jsonl", "--format", form, *belief), cost=True, claim=True)


def table(folder: Path) -> Layout:
    rows = [
        {"bot": {"name": one.agent}, "id": one.task, "no": f"run {one.run}", "ok": one.success, "usd": one.cost}
        for one in attempts()
    ]
    write_json(folder / "all.json", {"results": rows})
    columns = ("agent=bot.name", "task=id", "trial=no", "success=ok", "cost=usd", "claim=0.6", "cost_belief=0.25")
    stated = [part for text in columns for part in ("--column", text)]
    return Layout(("all.json", "--set", "rows=results", *stated), cost=True)


LAYOUTS: dict[str, Callable[[Path], Layout]] = {
    made.__name__: made
    for made in (
        *(lm_eval, every_eval_ever, terminal_bench, harbor, swe_bench, swe_bench_instances, openhands, helm),
        *(routerbench, routellm, forecasts, forecastbench, agent_economy, table),
    )
}
