"""What a [[figure]] of a scenario may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sim.kit.section import Section

Names = Annotated[list[str], Field(min_length=1)]


class FigureFile(Section):
    """A figure of a sweep."""

    kind: Annotated[str, Field(min_length=1)] = Field(
        description='"lines": a line for each arm over one swept key, with a 95% band; "map": a colour for each pair '
        'of levels of two swept keys, a map for each arm; "calibration": success rate against claim, a line for each '
        "level of a swept key; or one of a plugin's (register_figure with sweep = True)"
    )
    x: str = Field(description="the swept key along the x axis; of a calibration, the one with a line for each level")
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
    arms: Names | None = Field(None, description="arms drawn, without their panel; all where absent")
    where: dict[str, Any] = Field(default_factory=dict, description="swept keys held at one value: { key = value }")
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        None, description="file name of the figure; its kind and number where absent"
    )
