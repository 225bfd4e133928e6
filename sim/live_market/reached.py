"""How each agent of respondents.toml is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.kit.errors import RunError, ScenarioError, capped
from sim.live.respondent import Respondent
from sim.live.respondents import AgentSpec, Respondents
from sim.live_market.simulated import acting


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


def check_reached(found: Mapping[str, Respondent]) -> None:
    """Raise RunError where somebody cannot be asked as things are: a key that is not set, a program not there."""
    faults = [fault for one in found.values() if (fault := getattr(one, "fault", str)())]
    if faults:
        raise RunError(*capped(faults))


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
    return acting(name, spec, respondents, tasks, seed)
