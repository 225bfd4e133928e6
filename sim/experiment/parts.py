"""The parts that a folder is made of, Parquet files with a checksum of every page.

A part says which it is (its arm, cell, job), of which experiment, and by which versions it was made. So a part that is
another's is refused, and one that is damaged is found.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.versions import versions
from sim.kit.errors import RunError

if TYPE_CHECKING:
    import pyarrow as pa

_METADATA = b"bidlab.part"
_FAULTS = (OSError, ValueError, KeyError, TypeError)  # of a file that is no Parquet, or holds no part
Of = Mapping[str, int | str]


class DamagedPartError(Exception):
    """A part that cannot be read, or is missing; what it held is to be made again."""


def part_bytes(table: pa.Table, experiment: str, of: Of) -> bytes:
    """The bytes of a part; the same table always gives the same. experiment: its hash. of: which part it is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = json.dumps({"experiment": experiment, "of": dict(of), "versions": versions()}, sort_keys=True)
    buffer = io.BytesIO()
    marked = table.replace_schema_metadata({**(table.schema.metadata or {}), _METADATA: about.encode()})
    repeated = [field.name for field in marked.schema if not pa.types.is_floating(field.type)]
    pq.write_table(marked, buffer, compression="zstd", use_dictionary=repeated, write_page_checksum=True)
    return buffer.getvalue()


def read_part(path: Path, experiment: str, of: Of) -> tuple[pa.Table, dict[str, str]]:
    """A part's table, and the versions that made it.

    Raises DamagedPartError where it cannot be read, RunError where it is another part, or one of another experiment.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, page_checksum_verification=True)
        metadata = dict(table.schema.metadata or {})
        about: dict[str, Any] = json.loads(metadata.pop(_METADATA))
        is_of, by, made = dict(about["of"]), str(about["experiment"]), dict(about["versions"])
    except _FAULTS as error:
        reason = "missing" if isinstance(error, FileNotFoundError) else f"broken, {type(error).__name__}"
        raise DamagedPartError(f"{path} is {reason}") from None
    remedy = "remove it and give the command again"
    if by != experiment:
        raise RunError(f"{path}: is of another experiment (hash {by[:12]}, not {experiment[:12]}); {remedy}")
    if is_of != dict(of):
        raise RunError(f"{path}: holds {_named(is_of)}, not {_named(of)}; {remedy}")
    return table.replace_schema_metadata(metadata or None), made


def _named(of: Of) -> str:
    return ", ".join(f"{what} {which}" for what, which in of.items())
