"""What a [[figure]] of a scenario may say, of a figure of its sweep or of one of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from sim.kit.invalid import invalid
from sim.kit.section import Section

Names = Annotated[list[str], Field(min_length=1)]
Words = Annotated[str, Field(min_length=1, max_length=200)]
OF_SWEEPS = ("lines", "map", "calibration")
_ON_SWEEPS = ("x", "scale", "y", "vertical", "panel", "where", "name", "jumps")  # beside lines
LEAST_WIDTH, MOST_WIDTH = 2.5, 20.0  # inches


class FigureFile(Section):
    """A figure of a sweep, or how a figure of a run looks: which of the two, its kind says."""

    kind: str = Field(
        description='of a sweep "lines": a line for each arm over one swept key, with a 95% band; "map": a colour for '
        'each pair of levels of two swept keys, a map for each arm; "calibration": success rate against claim, a line '
        "for each level of a swept key. Of a run the name of one of its figures, e.g. arms, which is then drawn so"
    )
    x: str | None = Field(
        None, description="the swept key along the x axis; of a calibration, the one with a line for each level"
    )
    scale: Literal["linear", "log"] = Field(
        "linear", description='of lines: "log" where equal factors of x are to lie equally far apart'
    )
    y: str | Names | None = Field(
        None,
        description='metrics, a column of panels each, e.g. "welfare", "share:NAME", "difference:welfare" (arm minus '
        'baseline), "lead:welfare" (baseline minus arm); welfare and solve_rate where absent; of a calibration, '
        "names of agents",
    )
    vertical: str | None = Field(None, description="of a map: the swept key up its other axis")
    lines: str = Field("arm", description='"arm", or a swept key, of which each value has a line')
    panel: str | Names | None = Field(
        None, description='rows of panels: "arm", "panel", swept keys; where absent, all that is not placed otherwise'
    )
    jumps: Literal["break", "steps", "slope"] = Field(
        "break",
        description='of lines that jump between two levels: "break" leaves a gap there, "steps" draws all lines as '
        'steps, "slope" joins all levels',
    )
    arms: Names | None = Field(None, description="arms drawn, without their panel; all where absent")
    where: dict[str, Any] = Field(default_factory=dict, description="swept keys held at one value: { key = value }")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        None, description="file name of the figure; its kind and number where absent"
    )
    title: Words | None = Field(None, description="title above the figure; none where absent")
    label: Words | dict[str, Words] | None = Field(
        None,
        description="words of the x axis, or { what = words } of an axis (a swept key, a metric as y writes it), an "
        "arm, an agent or a level of a swept key",
    )
    unit: Words | dict[str, Words] | None = Field(
        None, description='unit of the x axis, or { what = unit } of a swept key or a metric, e.g. { welfare = "$" }'
    )
    order: Names | None = Field(
        None,
        description="arms, lines or rows in the order in which they are drawn; others follow as they stand",
    )
    panels: Literal["world", "rule", "none"] | dict[str, Names] | None = Field(
        None,
        description='of arms and incidence: panels of rows, { title = [arms] }, or one for each "world" (sigma_u), for '
        'each kind of "rule", or "none"; where absent, worlds, or rules where there are more arms than a panel takes',
    )
    width: Literal["both", "text", "column"] | float = Field(
        "both", description='"text" (7 inches), "column" (3.4 inches), "both", or inches'
    )
    footer: bool = Field(True, description="print what intervals are over, n, seed, hash and version under the figure")

    @property
    def of_sweep(self) -> bool:
        """It belongs to a sweep."""
        return self.kind in OF_SWEEPS

    def faults(self) -> Iterator[str]:
        """What does not belong to its kind."""
        if self.of_sweep:
            if self.x is None:
                yield "x: is missing; the swept key along the x axis"
            if self.panels is not None:
                yield f"panels: belongs to figures of a run; {self.kind} has rows of panels by panel"
        else:
            given = [key for key in (*_ON_SWEEPS, "lines") if key in self.model_fields_set]
            yield from (f"{key}: belongs to kinds {', '.join(OF_SWEEPS)}; not to {self.kind}" for key in given)
        if not isinstance(self.width, str) and not LEAST_WIDTH <= self.width <= MOST_WIDTH:
            yield f"width: must be inches from {LEAST_WIDTH:g} to {MOST_WIDTH:g}; got {self.width:g}"


def of_sweeps(figures: Iterable[FigureFile]) -> list[FigureFile]:
    """Those of the sweep, in their order."""
    return [figure for figure in figures if figure.of_sweep]


def of_runs(figures: Iterable[FigureFile]) -> list[FigureFile]:
    """Those of a run."""
    return [figure for figure in figures if not figure.of_sweep]


def figures_of(info: Mapping[str, Any]) -> list[FigureFile]:
    """What run.json keeps of the figures of the scenario."""
    return [FigureFile.model_validate(figure) for figure in info.get("figures", ())]


def stated(figures: Iterable[FigureFile]) -> list[dict[str, Any]]:
    """The figures as they were written, for run.json; they change no number and no hash."""
    return [figure.model_dump(exclude_unset=True) for figure in figures]


def restyled(figures: Sequence[FigureFile], name: str, settings: Mapping[str, Any]) -> FigureFile:
    """The figure of a run with these settings above those stated; raises ScenarioError where one is none."""
    old = next((figure.model_dump(exclude_unset=True) for figure in figures if figure.kind == name), {})
    return of_settings(f"figure {name!r}", {**old, **settings, "kind": name})


def of_settings(where: str, settings: Mapping[str, Any]) -> FigureFile:
    """The figure that these settings state; raises ScenarioError naming the key."""
    try:
        return FigureFile.model_validate(dict(settings))
    except ValidationError as error:
        raise invalid(where, "", error, FigureFile) from None
