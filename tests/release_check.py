"""Whether what is released works where nothing else is: `make release-check`, or `python -m tests.release_check`.

Builds wheel and source distribution, looks into both, installs the wheel in an empty environment outside the checkout,
and runs there what README.md shows; unpacks the source distribution and runs a few of its tests. Says what it does, a
line for each check, and ends with exit code 1 where one fails. Works in a folder of its own, which it removes.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
SMOKE = ("tests/theory/test_hand_example.py", "tests/unit/test_registry.py", "tests/cli/test_new.py")
QUIET = ("--quiet", "--disable-pip-version-check", "--no-compile")
SKIPPED = ("__pycache__", ".pyc")
README_COMMANDS = "    bidlab "  # lines of the README that begin so are run


class CheckError(Exception):
    """A check that did not hold; says why."""


def main() -> int:
    """Make every check; those after a failed one too, where they can be made."""
    with tempfile.TemporaryDirectory(prefix="bidlab-release-") as place:
        return Release(Path(place)).check()


class Release:
    """Wheel and source distribution in a folder, and the environments they are tried in."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.python = place / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
        self.command = self.python.with_name("bidlab")

    def check(self) -> int:
        """Every check in order; 1 where one fails."""
        checks: tuple[tuple[str, Callable[[], str]], ...] = (
            ("wheel and source distribution are built", self.build),
            ("metadata are valid", self.metadata),
            ("files that are no code are in the wheel", self.files_in_wheel),
            ("what tests and docs need is in the source distribution", self.files_in_sdist),
            ("the wheel installs in an empty environment", self.install),
            ("the command says its version", self.version),
            ("bundled scenarios are found and run", self.scenarios),
            ("the README's commands run", self.readme_commands),
            ("the README's lines of Python run", self.readme_python),
            ("the source distribution passes a few of its tests", self.smoke),
        )
        failed = 0
        for title, check in checks:
            try:
                told = check()
            except CheckError as reason:
                failed += 1
                print(f"FAILED  {title}: {reason}", flush=True)
                if check in (self.build, self.install):
                    break
            else:
                print(f"ok      {title}{f': {told}' if told else ''}", flush=True)
        print("all is well" if not failed else f"{failed} check(s) failed")
        return int(bool(failed))

    @property
    def wheel(self) -> Path:
        """The one wheel that was built."""
        (found,) = (self.place / "dist").glob("*.whl")
        return found

    @property
    def sdist(self) -> Path:
        """The one source distribution that was built."""
        (found,) = (self.place / "dist").glob("*.tar.gz")
        return found

    def build(self) -> str:
        """Both, from the files that git knows, so that nothing left lying about gets in."""
        tree = self.place / "tree"
        for name in tracked():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
        run([sys.executable, "-m", "build", "--outdir", str(self.place / "dist"), str(tree)], self.place)
        return f"{self.wheel.name}, {self.sdist.name}"

    def metadata(self) -> str:
        """As the index would check them."""
        venv.create(self.place / "tools", with_pip=True)
        python = str(self.place / "tools" / self.python.parent.name / "python")
        try:
            run([python, "-m", "pip", "install", *QUIET, "twine"], self.place)
        except CheckError:
            return "left out, twine cannot be installed here"
        run([python, "-m", "twine", "check", "--strict", str(self.wheel), str(self.sdist)], self.place)
        return ""

    def files_in_wheel(self) -> str:
        """Prompts, styles, starters, scenarios, data: all that is tracked below the packages, and nothing else."""
        with zipfile.ZipFile(self.wheel) as wheel:
            held = set(wheel.namelist())
        ours = [name for name in tracked() if name.split("/")[0] in ("sim", "analysis", "scenarios")]
        wanted = {place: name for name in ours for place in in_wheel(name)}
        missing = sorted(wanted[name] for name in set(wanted) - held)
        strangers = sorted(name for name in held - set(wanted) if ".dist-info/" not in name)
        if missing or strangers:
            raise CheckError(f"missing: {', '.join(missing) or 'none'}; not tracked: {', '.join(strangers) or 'none'}")
        return f"{sum(not name.endswith('.py') for name in wanted)} beside {len(wanted)} in all"

    def files_in_sdist(self) -> str:
        """Tests, documentation, scenarios."""
        with tarfile.open(self.sdist) as archive:
            held = {name.partition("/")[2] for name in archive.getnames()}
        with (ROOT / "pyproject.toml").open("rb") as file:
            included = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
        missing = sorted(name for name in tracked() if name.split("/")[0] in included and name not in held)
        if missing:
            raise CheckError(f"missing: {', '.join(missing)}")
        return f"{len(held)} files"

    def install(self) -> str:
        """With what it depends on, from wherever pip finds it."""
        venv.create(self.place / "env", with_pip=True)
        run([str(self.python), "-m", "pip", "install", *QUIET, str(self.wheel)], self.place)
        return ""

    def version(self) -> str:
        """That of pyproject.toml."""
        with (ROOT / "pyproject.toml").open("rb") as file:
            stated = tomllib.load(file)["project"]["version"]
        told = self.bidlab("--version")
        if told.strip() != f"bidlab {stated}":
            raise CheckError(f"{told.strip()!r}, and pyproject.toml says {stated!r}")
        return stated

    def scenarios(self) -> str:
        """All that are tracked are listed, and one of them runs and draws."""
        names = [path.stem for path in (ROOT / "scenarios").glob("*.toml")]
        listed = self.bidlab("list", "scenarios")
        missing = [name for name in names if name not in listed]
        if missing:
            raise CheckError(f"not listed: {', '.join(missing)}")
        self.bidlab("run", "marketbench_replay", "--replications", "5", "--out", "five")
        if not (self.place / "elsewhere" / "five" / "figures" / "arms.pdf").is_file():
            raise CheckError("marketbench_replay drew no figure")
        return f"{len(names)} scenarios"

    def readme_commands(self) -> str:
        """Every line that begins with `bidlab`, without figures."""
        lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        commands = [shlex.split(line, comments=True)[1:] for line in lines if line.startswith(README_COMMANDS)]
        if not commands:
            raise CheckError("it shows none")
        for arguments in commands:
            self.bidlab(*arguments, *(["--no-figures"] if arguments[0] == "run" else []))
        return f"{len(commands)} commands"

    def readme_python(self) -> str:
        """Its examples, in the installed package."""
        readme = self.elsewhere / "README.md"
        readme.write_bytes((ROOT / "README.md").read_bytes())
        script = (
            "import doctest, sys; found = doctest.testfile('README.md', module_relative=False); print(found.attempted)"
        )
        told = run([str(self.python), "-c", f"{script}; sys.exit(found.failed > 0)"], self.elsewhere)
        return f"{told.strip().splitlines()[-1]} lines"

    def smoke(self) -> str:
        """Unpacked and tested by the interpreter that runs this, which has pytest."""
        with tarfile.open(self.sdist) as archive:
            archive.extractall(self.place / "unpacked", filter="data")
        (folder,) = (self.place / "unpacked").iterdir()
        environment = {"PYTHONPATH": str(folder)}
        chosen = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-m", "not slow", "-p", "no:cacheprovider", *SMOKE]
        return run(chosen, folder, environment).strip().splitlines()[-1].strip(". ")

    def bidlab(self, *arguments: str) -> str:
        """What the installed command prints, in a folder that is no checkout."""
        return run([str(self.command), *arguments], self.elsewhere)

    @property
    def elsewhere(self) -> Path:
        """A folder that is no checkout."""
        folder = self.place / "elsewhere"
        folder.mkdir(exist_ok=True)
        return folder


def tracked() -> list[str]:
    """Paths of all files that git knows, or would; of an unpacked source distribution all there are."""
    try:
        told = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], ROOT)
    except CheckError:
        paths = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file())
        return sorted(path for path in paths if not any(part in path for part in SKIPPED))
    return sorted(name for name in told.splitlines() if (ROOT / name).is_file())


def in_wheel(name: str) -> tuple[str, ...]:
    """Where a tracked file stands in the wheel: `bidlab` is a package of its own, made of a folder of sim."""
    if name.startswith("scenarios/"):
        return (f"sim/{name}",)
    return (name, name.removeprefix("sim/")) if name.startswith("sim/bidlab/") else (name,)


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    """Output of a command; raises CheckError with the last lines of what it said where it fails."""
    without = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    told = subprocess.run(command, cwd=folder, env={**without, **(environment or {})}, capture_output=True, text=True)
    if told.returncode != 0:
        last = " | ".join((told.stdout + told.stderr).strip().splitlines()[-8:])
        raise CheckError(f"`{' '.join(command[:6])}` ended with {told.returncode}: {last}")
    return told.stdout


if __name__ == "__main__":
    sys.exit(main())
