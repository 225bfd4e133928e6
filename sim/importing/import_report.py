"""What an import read, mapped and dropped, and why, with counts. Builds, never prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.kit.errors import several

if TYPE_CHECKING:
    from sim.kit.terminal import Sheet


class ReadColumn(NamedTuple):
    """A column of the table: where its values came from, how many there are, and how many cells were empty."""

    name: str
    origin: str
    values: int
    empty: int


class Dropped(NamedTuple):
    """Rows, or cells of a wide table, that are not in the table."""

    reason: str
    number: int


@dataclass(frozen=True)
class ImportReport:
    """Counts of one import.

    sources: file -> SHA-256. rows_read: of the files; rows: of the table. pairs: (task, agent) with at least one
    row, of agents x tasks; trials: the least and the most of a pair; infra: attempts that were lost. unread: columns
    that the format could fill and why they are not there. unused: keys of the rows that nothing reads.
    """

    format: str
    sources: Mapping[str, str]
    rows_read: int
    rows: int
    dropped: Sequence[Dropped]
    columns: Sequence[ReadColumn]
    agents: int
    tasks: int
    pairs: int
    trials: tuple[int, int]
    infra: int
    unread: Mapping[str, str]
    unused: Sequence[str]

    @property
    def fill(self) -> float:
        """Share of the pairs (task, agent) that have a row."""
        return self.pairs / (self.agents * self.tasks)

    @property
    def left_out(self) -> list[str]:
        """A line for each thing that the files hold and the table does not."""
        dropped = [f"{one.number:,} row(s) dropped: {one.reason}" for one in self.dropped]
        return dropped + [f"no {name}: {why}" for name, why in self.unread.items()]

    def as_json(self) -> dict[str, Any]:
        """As run.json and its like keep it."""
        kept = asdict(self)
        return {**kept, "dropped": [one._asdict() for one in self.dropped]} | {
            "columns": [one._asdict() for one in self.columns]
        }

    def shown(self) -> list[str | Sheet]:
        """Lines and tables for a terminal."""
        from sim.kit.terminal import of_rows

        read = f"{len(self.sources):,} file(s), {self.rows_read:,} row(s) read, {self.rows:,} in the table"
        filled = f"{self.pairs:,} pairs have a row ({100 * self.fill:.1f} %)"
        head = (
            f"{self.format}: {read}\n{self.agents:,} agent(s) x {self.tasks:,} task(s): {filled}, "
            f"{_trials(self.trials)}; {self.infra:,} attempt(s) lost (INFRA)\n"
        )
        parts: list[str | Sheet] = [head]
        parts.append(
            of_rows(
                None,
                ["column", "read from", "values", "empty"],
                [(one.name, one.origin, f"{one.values:,}", f"{one.empty:,}") for one in self.columns],
                n_left=2,
                prose=["read from"],
            )
        )
        if self.dropped:
            rows = [(one.reason, f"{one.number:,}") for one in self.dropped]
            parts += ["", of_rows("dropped", ["why", "count"], rows, prose=["why"])]
        notes = [f"no {name}: {why}" for name, why in self.unread.items()]
        if self.unused:
            notes.append(f"not used: {several(self.unused)}")
        return [*parts, *(["", "\n".join(notes)] if notes else [])]


def _trials(ends: tuple[int, int]) -> str:
    least, most = ends
    return f"{least:,} trial(s) of each" if least == most else f"{least:,} to {most:,} trials of each"
