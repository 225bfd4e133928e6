"""How each agent of respondents.toml is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.kit.errors import RunError, ScenarioError, capped, closest, collected, several
from sim.live.respondent import Respondent
from sim.live.respondents import AgentSpec, Respondents
from sim.live.task_file import LiveTask
from sim.live.who_bids import judges_of
from sim.live_market.simulated import simulated_respondent


def reached(respondents: Respondents, tasks: Sequence[str], seed: int) -> dict[str, Respondent]:
    """By name; raises ScenarioError with all faults. Nothing is sent, and no key is needed."""
    found: dict[str, Respondent] = {}
    faults: list[str] = []
    for name, spec in respondents.agents.items():
        try:
            found[name] = _reached(name, spec, respondents, tasks, seed)
        except (ScenarioError, RunError) as error:
            faults += error.args
    if faults:
        raise ScenarioError(*capped(f"{respondents.path}: {line}" for line in faults))
    return found


def faults_reached(found: Mapping[str, Respondent]) -> list[str]:
    """Why somebody cannot be asked as things are: a key that is not set, a program not there."""
    return [fault for one in found.values() if (fault := getattr(one, "fault", str)())]


def check_router(respondents: Respondents, name: str) -> None:
    """Raise ScenarioError where the router of that name cannot be asked."""
    names = respondents.names
    if name not in names:
        raise ScenarioError(
            f"standing.advice: router: no respondent {name!r}{closest(name, names)}; there are {several(names)}"
        )
    if respondents.agents[name].kind not in ("endpoint", "command"):
        raise ScenarioError(f"standing.advice: router: respondent {name!r} must be an endpoint or a command")


def check_judges(respondents: Respondents, tasks: Sequence[LiveTask]) -> None:
    """Raise ScenarioError where a model that is to judge cannot be asked."""
    faults: list[str] = []
    for judge in judges_of(tasks):
        name, names = judge.respondent, respondents.names
        if name not in names:
            faults.append(
                f"{respondents.path}: judge: no agent {name!r}{closest(name, names)}; there are {several(names)}"
            )
        elif respondents.agents[name].kind not in ("endpoint", "command"):
            faults.append(f"{respondents.path}: judge: agent {name!r} must be an endpoint or a command")
        with collected(faults):
            _ = judge.prompt
    if faults:
        raise ScenarioError(*capped(faults))


def _reached(name: str, spec: AgentSpec, respondents: Respondents, tasks: Sequence[str], seed: int) -> Respondent:
    if spec.kind == "endpoint":
        from sim.live.endpoint import Endpoint

        own = {"temperature": spec.temperature, "seed": spec.seed}
        price = spec.usd_per_million
        return Endpoint(
            name,
            endpoint=spec.endpoint or "",
            model=spec.model or "",
            usd_per_million=0 if price is None or price == 0 else price.model_dump(),
            key=spec.key or "",
            output=spec.output,
            cap=spec.cap,
            parameters=spec.parameters | {key: value for key, value in own.items() if value is not None},
            timeout=spec.timeout,
        )
    if spec.kind == "command":
        from sim.live.command_respondent import CommandRespondent

        return CommandRespondent(
            name,
            command=spec.command or [],
            environment=spec.environment,
            usd_per_call=spec.usd_per_call or 0.0,
            timeout=spec.timeout,
            at_once=spec.at_once,
        )
    return simulated_respondent(name, spec, respondents, tasks, seed)
