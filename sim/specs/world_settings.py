"""The section [world] of a scenario: what luck decides, and what each key may hold (see sim/specs/settings.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from sim.importing.mapping import ImportSpec
from sim.kit.distribution import Arrivals, Distribution, parse_arrivals, parse_ticks
from sim.kit.errors import closest
from sim.kit.invalid import written
from sim.kit.section import SAID, Money, Rate, Section, parsed_by
from sim.population.belief_model import BeliefModel, parse_beliefs
from sim.population.knobs import Knobs, Shock
from sim.specs.organisation import Organisation
from sim.standing.records import Record, check_not_gone, is_record, parse_record
from sim.tables.table import OPTIONAL, REQUIRED, missing_columns

# Keys that go with a table, with a profile, and with live agents; True where they must be stated.
_OF_TABLE = {"columns": True} | dict.fromkeys(("beyond_tries", "trials", "claim", "cost_belief", "graded"), False)
_MAY_STAND = ("sigma_u", "sigma_d", "private_share", "difficulty", "sigma_f", "families", "pool_size", "shocks")
_OF_PROFILE = {"tasks": True, "parameters": True} | dict.fromkeys((*_MAY_STAND, "beliefs", "organisations"), False)
_NOT_LIVE = {
    "nonresponse": "they answer or do not",
    "infra": "what is lost is seen",
    "verifier": "its errors are those of the tasks' verifiers",
    "rerun": "an answer is asked for once; take another file of answers",
    "bid_cost": "a bid costs what its answer cost",
    "names": "two names of a model are two answers; name two respondents",
    "shill": "nobody is asked for it",
}
_KEYS: dict[str, dict[str, bool]] = {"table": _OF_TABLE, "profile": _OF_PROFILE, "live": {}}


def _columns(raw: dict[str, str]) -> dict[str, str]:
    if faults := list(_faults_of_columns(raw)):
        raise ValueError("\n".join(faults))
    return raw


def _faults_of_columns(raw: dict[str, str]) -> Iterator[str]:
    allowed = (*REQUIRED, *OPTIONAL)
    for name in raw:
        if name not in allowed:
            yield f"unknown key {name!r}{closest(name, allowed)}; allowed: {', '.join(allowed)}"
    for name in missing_columns(raw):
        either = ", or 'status'," if name == "success" else ""
        yield f"{name!r}{either} must be mapped to a column of the table"
    if "agent" in raw and raw["agent"] == raw.get("task"):
        yield f"agent and task must be two columns; got {raw['agent']!r} for both"
    costs = {"cost_belief", "tokens", "usd_per_token"} & set(raw)
    if costs not in (set(), {"cost_belief"}, {"tokens", "usd_per_token"}):
        yield "map either 'cost_belief', or both 'tokens' and 'usd_per_token'"
    if "score" in raw and raw.keys() & {"success", "status"}:
        yield "'score' stands instead of 'success' and 'status'; map one of them"


class Verifier(Section):
    """Error rates of the verifier, each drawn per (replication, task, agent, try)."""

    false_pass: Rate = Field(0.0, description="share of failures the verifier passes")
    false_fail: Rate = Field(0.0, description="share of successes the verifier fails")


class Graded(Section):
    """Outcomes that are numbers in [0, 1]: the table's score (sim/world/recorded.py)."""

    mark: Annotated[float, Field(gt=0, le=1)] = Field(description="least score that is a success")


def _record(raw: Any) -> Record:
    check_not_gone(raw)
    if not is_record(raw):
        raise ValueError(
            'must be {record = "redrawn", tasks = number} or {record = "split"}: what the agent did on other tasks; '
            f"got {written(raw)}"
        )
    return parse_record(raw)


Logits = Annotated[float, Field(ge=-50, le=50)]
Names = Annotated[dict[str, Annotated[int, Field(ge=2, le=16)]], Field(min_length=1)]
Made = Annotated[Record | None, parsed_by(_record)]


_AS_PROFILE: Any = {SAID: ""}  # what the profile says names it


class WorldSettings(Section):
    """What luck decides."""

    no_luck = frozenset({"bid_cost"})

    table: str | ImportSpec | None = Field(
        None,
        description="recorded table, relative to the scenario: .csv, .parquet or .jsonl; or {files, format, columns, "
        "...}, results that are imported in place (docs/importing.md); this or profile",
        json_schema_extra=_AS_PROFILE,
    )
    columns: Annotated[dict[str, str], AfterValidator(_columns)] | None = Field(
        None,
        description="our column names mapped to the table's; must be stated with a table that is a file",
        json_schema_extra=_AS_PROFILE,
    )
    claim: Made = Field(
        None,
        description='{record = "redrawn", tasks = number} or {record = "split"}: agents believe and claim their '
        "smoothed success rate on other tasks (sim/standing/records.py), instead of what the table has",
    )
    cost_belief: Made = Field(
        None,
        description="likewise, their mean cost on other tasks; who has none there makes no bid",
    )
    graded: Graded | None = Field(
        None,
        description="{mark}: outcomes are scores in [0, 1], columns.score; a success is a score of the mark at least, "
        "and contracts pay by the score; absent: an outcome is a success or none",
    )
    live: str | None = Field(
        None,
        description="respondents of a live run, a .toml file relative to the scenario (docs/live.md), in place of a "
        "table or a profile; played by `bidlab live`",
        json_schema_extra=_AS_PROFILE,
    )
    profile: str | None = Field(
        None, description="population to draw tasks and agents from: a bundled profile's name, or a .toml file"
    )
    tasks: Annotated[int, Field(ge=1, le=10**12)] | None = Field(
        None,
        description="tasks of a replication; must be stated with a profile",
        json_schema_extra=_AS_PROFILE,
    )
    parameters: Literal["point", "bootstrap"] | None = Field(
        None,
        description='"point": the profile\'s own; "bootstrap": one of its draws for each replication; must be stated '
        "with a profile",
        json_schema_extra={
            SAID: {
                "point": "The parameters of the population are its point estimates.",
                "bootstrap": "Each replication takes one of the draws of the fitted parameters, so that their "
                "uncertainty is in the numbers.",
            }
        },
    )
    sigma_u: Annotated[float, Field(ge=0, le=20)] | None = Field(
        None,
        description="sd of the private fit, at which a table fits the profile as well; a list makes a panel of each",
        json_schema_extra={
            SAID: "How well an agent fits a task, beyond its skill and the task's difficulty, has a spread of {:g} "
            "logits."
        },
    )
    sigma_d: Annotated[float, Field(ge=0, le=20)] | None = Field(
        None,
        description="sd of the tasks' difficulty, with sigma_u: both then stand instead of the profile's, and skills "
        "stay, so that the share of private fit in ability can be swept",
    )
    private_share: Rate | None = Field(
        None,
        description="share of sigma_u^2 in sigma_d^2 + sigma_u^2; sum and skills stay; absent: as the two are",
    )
    difficulty: Logits | dict[str, Logits] | None = Field(
        None,
        description="logits taken from all abilities at every task, or at the tasks of principals, {name = logits}; "
        'claims know nothing of them (where they do: skill of all agents, hold = "calibration"), and records and '
        "pilots are of tasks without a principal's own; absent: none",
    )
    families: Annotated[int, Field(ge=1, le=10**6)] | None = Field(
        None, description="number of families of tasks, equally likely; absent: as the profile says"
    )
    sigma_f: Annotated[float, Field(ge=0, le=20)] | None = Field(
        None,
        description="sd of an agent's fit to a family, logits, of which nobody's signal knows; absent: as the profile "
        "says",
    )
    pool_size: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="only the first so many of the agents are there to bid; the others' luck stays what it is, so "
        "sizes may be swept; absent: all",
    )
    agents: list[str] | dict[str, Knobs] | None = Field(
        None,
        description='agents to keep, or a table of knobs for each agent of a profile that is changed; "*": for all',
    )
    names: Names | None = Field(
        None,
        description='how many names an agent bids under, 2 to 16: {agent = number} adds agents "NAME (2)", ... of its '
        "type, and further tries of its own (sim/world/second_names.py); absent: one each",
    )
    shill: str | None = Field(
        None,
        description='the agent as which a shill of the principal\'s stands: adds an agent "shill" that never works; '
        "absent: there is none",
    )
    organisations: Annotated[dict[str, Organisation], Field(min_length=1)] | None = Field(
        None,
        description="agents made of others, [world.organisations.NAME] each: {scaffold}, {solo} or {hub} "
        "(sim/world/organisations.py); absent: there are none",
        json_schema_extra={SAID: "Some agents are made of others: {}."},
    )
    beliefs: Annotated[BeliefModel | None, parsed_by(parse_beliefs)] = Field(
        None,
        description='what agents think of their abilities: "fitted", "ability" (they know it), {recalibrated = {shift, '
        "slope}} or a plugin's (sim/population/belief_model.py); absent: as the profile says",
    )
    shocks: list[Shock] | None = Field(None, description="changes in the middle of a run; of a profile's agents only")
    rerun: Annotated[int, Field(ge=0, le=10**6)] = Field(
        0,
        description="number of the rerun: same tasks, agents, beliefs and lotteries; outcomes and costs drawn anew",
    )
    nonresponse: Rate = Field(
        0.0,
        description="share of (task, agent) at which no bid comes; an agent's own goes first",
        json_schema_extra={SAID: "At {:percent} of (task, agent) no bid comes."},
    )
    trials: Literal["exchangeable", "in_order"] | None = Field(
        None,
        description='repeated trials of an agent at a task: "exchangeable" (where absent), met in an order that each '
        'replication draws, with all of them in the tables of claims; or "in_order", as they are numbered',
        json_schema_extra={
            SAID: {
                "in_order": "Repeated trials of an agent at a task are met in the order in which they are numbered.",
                "*": "Repeated trials of an agent at a task are met in an order that each replication draws.",
            }
        },
    )
    beyond_tries: Literal["refuse", "repeat"] | None = Field(
        None,
        description='a try beyond the recorded trials: "refuse" (where absent), or "repeat" the last of them',
        json_schema_extra={
            SAID: {
                "refuse": "",
                "repeat": "Where an agent tries more often than was recorded, its last trial is repeated.",
            }
        },
    )
    order: Literal["table", "shuffled"] = Field(
        "table",
        description="order in which tasks arrive",
        json_schema_extra={SAID: "Tasks come in an order that each replication draws."},
    )
    arrivals: Annotated[Arrivals | None, parsed_by(parse_arrivals)] = Field(
        None,
        description='"together" (where absent), {every = ticks} or {poisson = tasks per tick}; must be stated where '
        "standing is learned",
    )
    latency: Annotated[Distribution, parsed_by(parse_ticks)] = Field(
        0,
        validate_default=True,
        description="ticks from posting to bid, a number or a distribution; an agent's own goes first",
        json_schema_extra={SAID: "A bid takes a time of its own: {:ticks}."},
    )
    duration: Annotated[Distribution | None, parsed_by(parse_ticks)] = Field(
        None,
        description="ticks an attempt takes, a number or a distribution; absent: the table's own where it has them, "
        "else 1; an agent's own goes first",
        json_schema_extra={SAID: "An attempt takes {:ticks}."},
    )
    infra: Rate = Field(
        0.0,
        description="share of attempts lost to the system",
        json_schema_extra={SAID: "{:percent} of attempts are lost to the system, whoever works."},
    )
    verifier: Verifier = Field(default_factory=lambda: Verifier(), description="the verifier's error rates")
    bid_cost: Money = Field(
        0.0,
        description="dollars each submitted bid costs the agent, won or lost",
        json_schema_extra={SAID: "Every bid costs its agent {:dollars}, won or lost."},
    )

    @property
    def loses(self) -> bool:
        """An attempt may be lost to the system: by chance, in an outage, or by an organisation."""
        outage = any(shock.outage for shock in self.shocks or ())
        return self.infra > 0 or outage or any(one.kind.loses for one in (self.organisations or {}).values())

    def faults(self) -> Iterator[str]:
        """What does not agree."""
        kinds = [kind for kind in _KEYS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            yield "must hold either table (a recorded one) or profile (a population to draw from) or live"
            return
        imported = isinstance(self.table, ImportSpec)
        kind = {"table": "a table", "profile": "a profile", "live": "live respondents"}[kinds[0]]
        for key, required in _KEYS[kinds[0]].items():
            if required and not imported and getattr(self, key) is None:
                yield f"world.{key} is missing; it must be stated with {kind}"
        for key in [key for other in _KEYS if other != kinds[0] for key in _KEYS[other]]:
            if getattr(self, key) is not None:
                yield f"world.{key} has no meaning with {kind}"
        if self.live is not None:
            yield from self._of_live()
        if isinstance(self.table, ImportSpec) and self.table.files is None:
            yield "world.table.files is missing: name the files of the results"
        if imported and self.columns is not None:
            yield "world.columns has no meaning with results that are imported; their columns are world.table.columns"
        if self.agents is not None and not self.agents:
            yield "world.agents must not be empty: name at least one agent"
        if self.profile is not None:
            yield from self._of_spreads()
        elif self.table is not None:
            yield from self._of_scores()
        if self.organisations is not None and (self.names is not None or self.shill is not None):
            yield "organisations: cannot be combined with names or a shill"
        if self.profile is None and isinstance(self.agents, dict):
            yield "world.agents: knobs belong to a profile; with a table or live, list the agents to keep"

    def _of_live(self) -> Iterator[str]:
        """Draws that would take the place of an answer."""
        for key, why in _NOT_LIVE.items():
            if getattr(self, key) != type(self).model_fields[key].get_default(call_default_factory=True):
                yield f"world.{key} has no meaning with live respondents: {why}"

    def _of_scores(self) -> Iterator[str]:
        imported = isinstance(self.table, ImportSpec)
        columns: Collection[str] = self.table.columns if isinstance(self.table, ImportSpec) else self.columns or ()
        if "score" in columns and self.graded is None:
            yield "world.graded must be stated where columns.score is mapped: {mark = least score that is a success}"
        if self.graded is None:
            return
        if "score" not in columns and not imported:  # a format of one's own may have scores
            yield "world.graded needs a column of scores: map columns.score"
        if self.verifier.false_pass > 0 or self.verifier.false_fail > 0:
            yield "world.verifier: has no meaning with world.graded: the score is what the verifier says"

    def _of_spreads(self) -> Iterator[str]:
        if self.sigma_d is not None and self.sigma_u is None:
            yield "world.sigma_d must be stated with world.sigma_u: both replace the profile's"
        if self.private_share is not None and self.sigma_u is not None and self.sigma_d is None:
            yield "world.private_share with world.sigma_u needs world.sigma_d too: the sum of their squares"
