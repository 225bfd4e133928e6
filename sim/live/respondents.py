"""respondents.toml: who is asked in a live run, at what price, and what is to be done with the answers.

    tasks = "tasks.jsonl"           the tasks, beside this file (sim/live/task_file.py)
    verify = { exact = {} }         how work is verified, where a task does not say it itself
    repair = 1                      answers that are no bid are asked for once more
    card = true                     prompts hold the agent's own past in the market
    [prompts]                       templates of one's own, by purpose (sim/live/prompts)
    [defaults]                      keys of all agents
    [agents.NAME]                   one of
        endpoint, model             an OpenAI-compatible server
        command                     a program that reads and writes JSON lines
        profile, agent              an agent of a population, drawn (a rival for live ones, or a rehearsal)
        table, agent                an agent of a recorded table: its claims, outcomes and costs

Every agent has a price: usd_per_million of an endpoint, usd_per_call of a program; what is free says 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from sim.kit.errors import ScenarioError, capped, closest
from sim.kit.invalid import fault_lines
from sim.kit.names import EVERYBODY, NAME, alike, is_name, look_alike
from sim.kit.section import Money, Section
from sim.kit.toml_file import read_toml

Price = Annotated[float, Field(ge=0, le=1e6)]
TEMPLATES = ("bid", "claim", "work", "advice")  # purposes for which the file may name one
_KINDS = {"endpoint": ("model", "usd_per_million"), "command": ("usd_per_call",), "profile": (), "table": ()}
_ONLY = {
    "endpoint": ("model", "key", "usd_per_million", "output", "cap", "temperature", "seed", "parameters", "system"),
    "command": ("environment", "usd_per_call", "at_once"),
    "profile": ("agent",),
    "table": ("agent", "columns"),
}
_CALLED = ("bid_tokens", "work_tokens", "timeout")  # of endpoints and programs


class PerMillion(Section):
    """Dollars for a million tokens."""

    input: Price = Field(description="dollars for a million input tokens")
    output: Price = Field(description="dollars for a million output tokens, those of reasoning among them")


class AgentSpec(Section):
    """One agent of a live run."""

    endpoint: str | None = Field(None, description="base address of an OpenAI-compatible server, e.g. http://host/v1")
    model: str | None = Field(None, description="name of the model at the endpoint")
    key: str | None = Field(None, description="name of the environment variable that holds the key; absent: none sent")
    usd_per_million: PerMillion | Literal[0] | None = Field(None, description="{input, output} dollars, or 0: free")
    output: Literal["schema", "object", "text"] = Field(
        "schema", description='how JSON is asked for: by "schema", as an "object", or in the "text" of the prompt alone'
    )
    cap: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="what the endpoint calls the limit of an answer"
    )
    temperature: Annotated[float, Field(ge=0, le=10)] | None = Field(None, description="absent: the server's own")
    seed: int | None = Field(None, description="passed on; few servers make the same of it twice")
    parameters: dict[str, Any] = Field(default_factory=dict, description="further keys of a request, passed on")
    system: str = Field("", description="a system message before every prompt; absent: none")
    command: list[str] | None = Field(None, description="program and arguments; JSON lines on stdin and stdout")
    environment: list[str] = Field(default_factory=list, description="names of variables that the program inherits")
    at_once: Annotated[int, Field(ge=1, le=1000)] = Field(
        1, description="questions that the program is given at a time"
    )
    usd_per_call: Money | None = Field(None, description="dollars that one call of the program costs; 0: free")
    profile: str | None = Field(None, description="bundled profile or .toml file; beliefs and outcomes are drawn")
    table: str | None = Field(None, description="bundled recorded table or a file; claims, outcomes, costs are its")
    columns: dict[str, str] = Field(default_factory=dict, description="our column names mapped to the table's")
    agent: str | None = Field(None, description="its name in the profile or table; absent: the same name")
    bid_tokens: Annotated[int, Field(ge=1, le=10**7)] = Field(400, description="limit of an answer to a bid, in tokens")
    work_tokens: Annotated[int, Field(ge=1, le=10**7)] = Field(4000, description="limit of an attempt, in tokens")
    timeout: Annotated[float, Field(gt=0, le=86_400)] = Field(120.0, description="seconds an answer may take")

    @property
    def kind(self) -> str:
        """endpoint, command, profile or table."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        kinds = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            got = f"got {' and '.join(kinds)}" if kinds else "none is there"
            yield f"must hold one of {', '.join(_KINDS)}; {got}"
            return
        (kind,) = kinds
        for key in _KINDS[kind]:
            if getattr(self, key) is None:
                free = "; what is free says 0" if key.startswith("usd") else ""
                yield f"{key} is missing; it must be stated with {kind}{free}"
        foreign = {key for other, keys in _ONLY.items() if other != kind for key in keys} - set(_ONLY[kind])
        if kind in ("profile", "table"):
            foreign |= set(_CALLED)
        for key in [one for one in type(self).model_fields if one in foreign & self.model_fields_set]:
            yield f"{key} has no meaning with {kind}"


class RespondentsFile(Section):
    """respondents.toml."""

    tasks: str | None = Field(None, description="file of the tasks, beside this one; absent: the command names it")
    verify: dict[str, Any] | str | None = Field(None, description="verifier of tasks that do not name one")
    repair: Annotated[int, Field(ge=0, le=1)] = Field(0, description="times an answer that is no bid is asked again")
    card: bool = Field(False, description="a bid's prompt tells the agent's own past in the market")
    prompts: dict[str, str] = Field(default_factory=dict, description="purpose -> file of a template, beside this one")
    defaults: dict[str, Any] = Field(default_factory=dict, description="keys of all agents")
    agents: dict[str, dict[str, Any]] = Field(min_length=1, description="the agents, by name")

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        for name in self.agents:
            if not is_name(name) or name == EVERYBODY:
                yield f"agents.{name}: must be {NAME}, and not {EVERYBODY!r}"
        if two := look_alike(self.agents):
            yield f"agents: {alike(*two)}"
        for purpose in self.prompts:
            if purpose not in TEMPLATES:
                near = closest(purpose, TEMPLATES)
                yield f"prompts.{purpose}: unknown purpose{near}; allowed: {', '.join(TEMPLATES)}"


@dataclass(frozen=True, eq=False)
class Respondents:
    """Who is asked. path: of the file; agents by name, in its order."""

    path: Path
    file: RespondentsFile
    agents: Mapping[str, AgentSpec]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the agents."""
        return tuple(self.agents)

    def beside(self, name: str) -> Path:
        """A file that the respondents name: relative to theirs, or, where a run keeps them all, next to it."""
        there = self.path.parent / name
        return there if there.exists() else self.path.parent / Path(name).name

    @cached_property
    def tasks(self) -> Path | None:
        """The tasks' file, None where none is named."""
        return None if self.file.tasks is None else self.beside(self.file.tasks)

    @cached_property
    def files(self) -> list[Path]:
        """All files that are read: theirs, the tasks', templates, profiles and tables."""
        found = [self.path, *([self.tasks] if self.tasks is not None else [])]
        found += [self.beside(name) for name in self.file.prompts.values()]
        drawn = [name for one in self.agents.values() for name in (one.profile, one.table) if name and "." in name]
        return list(dict.fromkeys([*found, *map(self.beside, drawn)]))


def read_respondents(path: Path) -> Respondents:
    """The file at `path`; raises ScenarioError with all its faults."""
    raw = read_toml(path)
    faults: list[str] = []
    file = None
    try:
        file = RespondentsFile.model_validate(raw)
    except ValidationError as error:
        faults += fault_lines("", error, RespondentsFile)
    agents: dict[str, AgentSpec] = {}
    for name, own in _tables(raw.get("agents")).items():
        try:
            agents[name] = AgentSpec.model_validate({**_tables(raw).get("defaults", {}), **own})
        except ValidationError as error:
            faults += fault_lines(f"agents.{name}", error, AgentSpec)
    if faults or file is None:
        raise ScenarioError(*capped(f"{path}: {line}" for line in faults))
    return Respondents(path, file, agents)


def _tables(raw: Any) -> dict[str, dict[str, Any]]:
    """What of a table is a table."""
    return {key: value for key, value in raw.items() if isinstance(value, dict)} if isinstance(raw, dict) else {}
