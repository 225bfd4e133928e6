"""What a bundle is: one ZIP file with all that a run or a sweep was made from, and what came of it.

README.txt              how to verify it
SHA256SUMS              the SHA-256 of every other file, as a folder of results has them
bundle.json             what it holds: kind, name, hash, versions, plugins, hashes of the ledger's columns
results/run.json, scenario.json, inputs/, *.csv, figures/      as they stand in the folder of results
plugins/N/              the plugins' source files

Of the ledger it holds hashes alone: playing it again makes the ledger, and the hashes say whether it is the same.
"""

from __future__ import annotations

from pathlib import Path

from sim.kit.errors import RunError

FORMAT = 1
ABOUT, README, SUMS = "bundle.json", "README.txt", "SHA256SUMS"
RESULTS, PLUGINS, INPUTS = "results/", "plugins/", "inputs/"
MOST_BYTES = 2 * 2**30  # of all files together, unpacked
MOST_FILES = 10_000
RELATIVE, ABSOLUTE = 1e-9, 1e-12  # how far a number may be off where other versions of packages made it

_TEXT = """\
{name}: a {kind} of bidlab {version}, to be played again and compared

{question}

To verify it, with bidlab installed (Python 3.11 or later):

    bidlab verify THIS_FILE.zip

This plays the {kind} again in a temporary folder from what is in here, and compares every number. It ends with exit
code 0 where all agree, 1 where a number differs, and 2 where the file was altered or cannot be played.
{plugins}{answers}
It was made under
    {versions}
Under these versions the files are the same to the byte. Under others every number is compared exactly first; what then
differs in its last digits alone, by less than {relative:g} of itself or {absolute:g}, is said and counts as the same.

What is in here
    results/run.json        scenario as it was resolved, seed, hash, versions
    results/scenario.json   the scenario as it was given, with the changes of the command
    results/inputs/         the table or the profile that it reads
    results/*.csv, figures/ what came of it
    bundle.json             hashes of the ledger's columns; playing it again makes the ledger itself
    SHA256SUMS              checksums of all files: sha256sum -c SHA256SUMS
"""


def readme(facts: dict[str, str]) -> bytes:
    """README.txt. facts: name, kind, version, question, plugins, answers, versions."""
    return _TEXT.format(**facts, relative=RELATIVE, absolute=ABSOLUTE).encode()


def default_path(folder: Path) -> Path:
    """Where the bundle of a folder goes that is given no name."""
    named = folder if folder.name not in ("", "..") else folder.resolve()
    return named.with_name(f"{named.name}.zip")


def check_name(out: Path, force: bool) -> None:
    """Raise RunError where the bundle cannot have that name."""
    if out.suffix != ".zip":
        raise RunError(f"--out {out}: must end in .zip")
    if out.exists() and (not force or not out.is_file()):
        raise RunError(f"--out {out}: is there; choose another file, or give --force to replace it")
