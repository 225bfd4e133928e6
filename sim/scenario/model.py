"""A whole scenario file as a model: what stands beside the sections, and the arms that override them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from sim.kit.invalid import written
from sim.kit.names import NAME, is_name, printable
from sim.kit.parameters import split
from sim.kit.section import Section, parsed_by
from sim.scenario.axes import Factor, parse_factors
from sim.scenario.figure_spec import FigureFile

MOST_QUESTION, MOST_TEXT = 500, 5_000  # letters


def _one_line(raw: str) -> str:
    if not raw.strip() or len(raw.splitlines()) > 1 or not printable(raw):
        raise ValueError(f"must be one line of text without control characters, not empty; got {written(raw)}")
    return _text(raw, MOST_QUESTION)


def _text(raw: str, most: int = MOST_TEXT) -> str:
    if not printable(raw):
        raise ValueError(f"must be text without control characters; got {written(raw)}")
    if len(raw) > most:
        raise ValueError(f"must have at most {most:,} letters; got {len(raw):,}: {written(raw)}")
    return raw


Text = Annotated[str, AfterValidator(_text)]
Line = Annotated[str, AfterValidator(_one_line)]


def _named(raw: str) -> str:
    if not is_name(raw):
        raise ValueError(f"must be {NAME}; got {written(raw)}")
    return raw


Name = Annotated[str, AfterValidator(_named)]


class ArmFile(Section):
    """One arm as written: a name, a mechanism, overrides of the sections."""

    name: Name = Field(description="unique name of the arm")
    mechanism: Annotated[tuple[str, dict[str, Any]], parsed_by(split)] = Field(
        description="a rule's name, or {name = {parameter = value}}"
    )
    baseline: str | None = Field(
        None, description="arm that its own paired differences are taken to; the scenario's baseline where absent"
    )
    world: dict[str, Any] = Field(default_factory=dict, description="overrides of [world]")
    tender: dict[str, Any] = Field(default_factory=dict, description="overrides of [tender]")
    market: dict[str, Any] = Field(default_factory=dict, description="overrides of [market]")
    bidders: dict[str, Any] = Field(default_factory=dict, description="overrides of [bidders]")
    standing: dict[str, Any] = Field(default_factory=dict, description="overrides of [standing]")


class AboutScenario(Section):
    """What every scenario file says of itself."""

    question: Line = Field(description="the question the scenario answers")
    source: Text = Field("", description="keys of REFERENCES.md")
    finding: Text = Field("", description="what the scenario found, with an interval")
    note: Text = Field("", description="a caveat to be read with every table and figure of the scenario")
    published: Text = Field("", description="what is published of the question, beside what the scenario found")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(description="seed of every draw")
    baseline: str | None = Field(None, description="arm that paired differences are taken to; the first where absent")


class ScenarioFile(AboutScenario):
    """A scenario file."""

    replications: Annotated[int, Field(ge=1, le=10**15)] = Field(1, description="independent draws of what is random")
    world: dict[str, Any]
    tender: dict[str, Any]
    market: dict[str, Any] = Field(default_factory=dict)
    bidders: dict[str, Any] = Field(default_factory=dict)
    standing: dict[str, Any] = Field(default_factory=dict)
    arm: Annotated[list[ArmFile], Field(min_length=1)] = Field(description="the arms to compare")
    sweep: Annotated[tuple[Factor, ...], parsed_by(parse_factors)] = Field(
        default_factory=tuple,
        description='factors of `bidlab sweep`, e.g. "tender.penalty" = [0.0, 1.0] or {from, to, steps, scale}; the '
        "cells are their grid; zip = [[key, key]] makes keys advance together (sim/scenario/axes.py); "
        "quantities = [NAME] asks for more than every sweep keeps, e.g. auc (bidlab show --columns)",
    )
    figure: list[FigureFile] = Field(default_factory=list, description="figures of `bidlab sweep`, [[figure]] each")
