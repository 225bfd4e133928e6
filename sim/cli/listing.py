"""Tables for the terminal: what `list`, `show` and `explain` print. Builds, never prints."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from sim.bundled import markets
from sim.bundled import scenarios as bundled
from sim.experiment.stored import Stored
from sim.experiment.versions import mixture
from sim.explain.explain import Explained, ExplainedPosting
from sim.kit.digits import alone, of_numbers
from sim.kit.kinds import described, parameters_of
from sim.kit.terminal import Column, Sheet, of_rows, shown_name
from sim.kit.toml_file import read_toml
from sim.mechanisms import Mechanism, Promises, lookup, names
from sim.scenario.model import ScenarioFile
from sim.scenario.scenario import load_scenario
from sim.specs.settings import Settings
from sim.standing.advisors import ADVISORS
from sim.standing.pilots import Planner
from sim.standing.reputation import COST_LEARNERS, REPUTATIONS
from sim.standing.sources import Router
from sim.tables.sparse import about_left_out

if TYPE_CHECKING:
    import pandas as pd

_PROMISES = {"ask": "A", "claim": "Q", "equilibrium": "N", "rational": "IR", "efficient": "E", "no_deficit": "D"}
_PARTS = ("_low", "_high", "_se", "_se_mc", "_clusters", "_p", "_p_holm")
_ERRORS = (
    "Beside an estimate NAME stand, for another draw of tasks like these:\n"
    "NAME_low, NAME_high: 95% interval, empty where no honest one is known. Means: Student t, corrected "
    "for skewness but for differences; rates: Wilson; paired differences of rates: Tango; AUC: Student t on the logit "
    "scale; dollars of arms that hire by a record of their table: percentiles of redrawn tables\n"
    "NAME_se: standard error\n"
    "NAME_clusters: independent observations behind both. What they are says the column clusters: tasks of a recorded "
    "table; (replication, task) pairs of a synthetic world; its replications, at least 5, where something couples the "
    "tasks of one, as the column coupled of summary.csv says\n"
    "NAME_se_mc: standard error from the simulation's own noise, over replications\n"
    "NAME_p, NAME_p_holm: two-sided p value of no difference, raw and adjusted by Holm's method over the arms of the "
    "table, or over the cells of an arm in a sweep; intervals are not adjusted\n"
    "undefined is empty"
)
_LEGEND = (
    "promises, relative to beliefs: A truthful ask is dominant (A+: at a truthful claim), Q truthful claim is dominant "
    "(Q*: claims change nothing), N truth is a best reply to truthful rivals, though not dominant, IR individually "
    "rational at the truth, E efficient at the truth, D principal never pays more than value"
)
_ORACLES = {
    "outcome": "whether the next try succeeds: 1 or 0",
    "ability": "the true ability",
}
_RECORDS = {
    '{record = "redrawn", tasks = h}': "the agent's smoothed success rate on h tasks independent of those played: "
    "right for a table's own tasks, optimistic for others",
    '{record = "split"}': "the agent's smoothed success rate on the other half of the tasks, halved at random in each "
    "replication: right for tasks like these that are not in the table",
}
_ADVICE = (
    "a router (route_by_advice) hires by advice alone; a rule that ranks by it is a hybrid; S of N verified attempts "
    "were passed; by_family: attempts at tasks of one family teach of that family alone"
)


def promises_of(promises: Promises) -> str:
    """The promises kept, as letters.

    >>> promises_of(Promises(ask=True, claim=True, rational=True, efficient=False, no_deficit=True, claim_ignored=True))
    'A Q* IR D'
    """
    kept = [letter for field, letter in _PROMISES.items() if getattr(promises, field)]
    marked = {"A": "A+" if promises.ask_at_true_claim else "A", "Q": "Q*" if promises.claim_ignored else "Q"}
    return " ".join(marked.get(letter, letter) for letter in kept)


def _of_each(rule: type[Mechanism], describe: Callable[[Mechanism], str]) -> str:
    """What `describe` says of the rule, or of each of its examples, named by what they differ in, where it varies."""
    examples = rule.examples()
    said = [describe(example) for example in examples]
    if len(set(said)) == 1:
        return said[0]
    each = [example.parameters for example in examples]
    varied = [name for name in each[0] if len({str(parameters[name]) for parameters in each}) > 1]
    labels = [", ".join(f"{name} {parameters[name]}" for name in varied) for parameters in each]
    return "\n".join(f"{label}: {text or 'none'}" for label, text in zip(labels, said, strict=True))


def mechanisms() -> list[Any]:
    """Every registered mechanism: name, one line, parameters, what it needs, promises, source."""
    rows = []
    for name in names():
        rule = lookup(name)
        needs = _of_each(rule, lambda example: ", ".join(sorted(example.capabilities.needs)))
        promises = _of_each(rule, lambda example: promises_of(example.promises))
        rows.append((name, rule.summary, parameters_of(rule), needs, promises, rule.source))
    others = (
        ("standing.reputation", REPUTATIONS, "reputations"),
        ("standing.advice", {**_ORACLES, **_RECORDS, "planner": Planner, "router": Router, **ADVISORS}, "advisors"),
    )
    lists = [f"{key}: {', '.join(known)} (`bidlab list {what}`)" for key, known, what in others]
    heads = ["mechanism", "what it does", "parameters", "needs", "promises", "source"]
    return [_words(None, heads, rows), "", _LEGEND, *lists]


def scenarios() -> list[Any]:
    """Every bundled scenario, its question and what it found."""
    from sim.economies.economy_file import resolve_economy

    rows = []
    of_markets = markets()
    for name, path in bundled().items():
        found = load_scenario(path) if name in of_markets else resolve_economy(path, read_toml(path))
        rows.append((name, found.question, found.finding, str(len(found.arms))))
    return [_words(None, ["scenario", "question", "finding", "arms"], rows)]


def reputations() -> list[Any]:
    """Reputations and cost learners with their parameters."""
    rows = []
    for field, learners in (("reputation", REPUTATIONS), ("expected_cost", COST_LEARNERS)):
        for name in learners:
            found = learners.described(name)
            rows.append((name, field, found.summary, found.parameters, found.source))
    return [_words(None, ["name", "field of standing", "what it is", "parameters", "source"], rows)]


def advisors() -> list[Any]:
    """Where advice can come from, with parameters."""
    rows = [(name, meaning, "nothing", "", "") for name, meaning in (_ORACLES | _RECORDS).items()]
    planner = described(Planner)
    rows.append(("planner", planner.summary, "before the market opens", planner.parameters, planner.source))
    router = described(Router)
    rows.append(("router", router.summary, "as it likes", router.parameters, router.source))
    for name in ADVISORS:
        found = ADVISORS.described(name)
        rows.append((name, found.summary, "from verified outcomes", found.parameters, found.source))
    return [_words(None, ["advisor", "what it advises", "learns", "parameters", "source"], rows), "", _ADVICE]


def _words(title: str | None, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Sheet:
    """A table of sentences."""
    return of_rows(title, heads, rows, n_left=len(heads), prose=heads[1:])


_ARM_NAME = (
    "unique name of the arm; an arm may also hold any section, to override its keys: a key of tender, market, bidders "
    'or standing that may be absent is so where it says "none", in an arm as in a level of a sweep'
)


def settings() -> list[Any]:
    """Every key of a scenario file."""
    from sim.economies.economy import ECONOMIES
    from sim.economies.economy_file import EconomyArmFile

    rows = [
        *_keys("", ScenarioFile, skip=set(Settings.model_fields) | {"arm"}),
        *_keys("", Settings, skip=set()),
        ("arm.name", "", _ARM_NAME),
        ("arm.mechanism", "", "a rule's name, or { name = { parameter = value } }; a list makes several arms"),
        ("economy", "absent", "name of an economy in place of a task market; its keys stand in a table of that name"),
        *_keys("arm.", EconomyArmFile, skip={"name", "baseline"}),
    ]
    for name, economy in ECONOMIES.items():
        rows += _keys(f"{name}.", economy().Settings, set())
    return [_words(None, ["key", "default", "meaning"], rows)]


def _keys(prefix: str, model: type[BaseModel], skip: set[str]) -> Iterator[tuple[str, str, str]]:
    for own, field in model.model_fields.items():
        name = field.alias or own
        if name in skip:
            continue
        inner = _section(field.annotation)
        if inner is not None and not _also_plain(field.annotation):
            yield from _keys(f"{prefix}{name}.", inner, set())
            continue
        default = "required" if field.is_required() else str(field.get_default(call_default_factory=True))
        yield f"{prefix}{name}", "absent" if default == "None" else default, field.description or ""
        for ending, each in [("", inner)] if inner is not None else _each(field.annotation):
            yield from _keys(f"{prefix}{name}{ending}.", each, set())


def _section(annotation: Any) -> type[BaseModel] | None:
    for kind in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _also_plain(annotation: Any) -> bool:
    """The key may hold a text as well as a table."""
    return str in getattr(annotation, "__args__", ())


def _each(annotation: Any) -> list[tuple[str, type[BaseModel]]]:
    """What each table of a list or of a table of tables may hold, with how a key of it is written."""
    found = []
    for kind in (annotation, *getattr(annotation, "__args__", ())):
        inner = _section(getattr(kind, "__args__", (None,))[-1])
        if inner is not None and getattr(kind, "__origin__", None) in (list, dict):
            found.append(("[]" if kind.__origin__ is list else ".NAME", inner))
    return found


def columns() -> list[Any]:
    """What each column of a run's CSV files means and what it is divided by."""
    from analysis.audit_table import COLUMNS as AUDIT
    from analysis.coalition_columns import COLUMNS as COALITIONS
    from analysis.comparison_table import COLUMNS as COMPARE
    from analysis.frontier_table import COLUMNS as FRONTIER
    from analysis.knowledge_table import COLUMNS as KNOWLEDGE
    from analysis.power_table import COLUMNS as POWER
    from analysis.sweep_table import COLUMNS as SWEEP
    from analysis.tables import columns as of_run

    tables: list[Any] = []
    of_others = {
        "sweep": SWEEP,
        "audit": {**AUDIT, **COALITIONS},
        "frontier": FRONTIER,
        "compare": COMPARE,
        "knowledge": KNOWLEDGE,
        "power": POWER,
    }
    for file, meanings in {**of_run(), **of_others}.items():
        rows = [(name, meaning) for name, meaning in meanings.items() if not _part(name, meanings)]
        tables += [_words(f"{file}.csv", ["column", "meaning"], rows), ""]
    return [*tables, _quantities(), "", _ERRORS]


def _quantities() -> Sheet:
    """Every metric of a sweep."""
    from analysis.quantities import quantities

    rows = [(each.name, each.level, "kept" if each.swept else "if asked", each.meaning) for each in quantities()]
    return _words("sweep.csv, metric: quantities", ["quantity", "of each", "in sweeps", "meaning"], rows)


def _part(name: str, meanings: Mapping[str, str]) -> bool:
    """The column belongs to an estimate that has one of its own."""
    return any(name.endswith(part) and name.removesuffix(part) in meanings for part in _PARTS)


def results(folder: Path, info: dict[str, Any]) -> list[Any]:
    """What a run found, and where it is."""
    from analysis.report import read_tables

    return [*found(info, read_tables(folder)), *place(folder)]


def place(folder: Path) -> list[Any]:
    """Where a run's results are, and which figures are not among them."""
    from analysis.figures.left_out import figures_among, left_out

    files = f"{folder}: ledger, agents.csv, summary.csv, differences.csv{figures_among(folder)}"
    return ["", *left_out(Stored.open(folder)), files]


def found(info: dict[str, Any], tables: dict[str, pd.DataFrame]) -> list[Any]:
    """The tables of a run."""
    from analysis.agents_view import agents_view
    from analysis.arms_view import arms_view

    scenario = info["scenario"]
    head = (
        f"{scenario['name']}: {scenario['question']}\n"
        f"seed {info['seed']}, {scenario['replications']} replication(s), {len(info['tasks'])} tasks, "
        f"{len(info['agents'])} agents, hash {info['hash'][:12]}\n"
    )
    head += mixture(info, "arms") + about_left_out(info)
    head += f"{scenario['note']}\n" if scenario["note"] else ""
    return [head, *arms_view(tables), "", *agents_view(tables, info)]


def explanation(explained: Explained) -> list[Any]:
    """What `explain` found, posting by posting."""
    head = f"task {explained.task}, replication {explained.replication}, arm {explained.arm!r} ({explained.rule})"
    parts: list[Any] = [head, ""]
    for posting in explained.postings:
        parts += [*_bids(posting), *posting.decision, f"the posting ended: {posting.closed}", ""]
    return [*parts, f"oracle: {explained.oracle}", *_said(explained)]


def _said(explained: Explained) -> list[str]:
    """What was asked and answered, where agents are live."""
    lines = []
    for one in explained.said:
        question, answer = one.question, one.answer
        lines += ["", f"--- {question.purpose} of {question.agent}, sample {question.sample}"]
        lines += [f"[system] {question.system}"] if question.system else []
        lines += [question.prompt, f"[answer, {answer.finish}, ${answer.usd:g}] {answer.text}"]
        lines += [f"[read] {one.read}"] if one.read else []
        lines += [f"[verdict] {one.verdict.status} {one.verdict.note}".rstrip()] if one.verdict is not None else []
    return lines


def _bids(posting: ExplainedPosting) -> list[Any]:
    market = f"market of {posting.market}, " if posting.market else ""
    value = "none stated" if math.isnan(posting.value) else f"${alone(posting.value)}"
    title = (
        f"{market}posting {posting.posting}: posted at tick {posting.posted}, cleared at {posting.tick}; "
        f"value {value}, reserve ${alone(posting.reserve)}, penalty ${alone(posting.penalty)}"
    )
    bids = posting.bids
    columns = [Column("agent", [shown_name(bid.agent) for bid in bids], left=True)]
    columns.append(Column("outcome", [bid.outcome for bid in bids], left=True))
    columns.append(Column("why", [bid.reason for bid in bids], left=True, prose=True))
    terms = list(bids[0].terms) if bids else []
    of_terms = {term: [bid.terms[term] for bid in bids] for term in terms}
    numbers = {"claim": [bid.claim for bid in bids], "ask": [bid.ask for bid in bids], **of_terms}
    numbers |= {"score": [bid.score for bid in bids], "lottery": [bid.lottery for bid in bids]}
    return [Sheet(title, [*columns, *(_exact(head, values) for head, values in numbers.items())])]


def _exact(head: str, values: Sequence[float]) -> Column:
    """A column of numbers in which nothing undefined is shown."""
    shown = of_numbers([value for value in values if math.isfinite(value)])
    cells = ["" if math.isnan(value) else shown.text(value) for value in values]
    return Column(f"{head} {shown.unit}".rstrip(), cells)
