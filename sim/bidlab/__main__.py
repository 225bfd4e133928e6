"""The command: `bidlab`, or `python -m bidlab`."""

from __future__ import annotations

import importlib
import sys


def main() -> None:
    """Run the command line; a module that shadows one of ours is named in one line."""
    try:
        command = importlib.import_module("bidlab.cli").main
    except ImportError as error:
        if "stands in the place of" not in str(error):
            raise
        sys.exit(f"bidlab: {error}")
    command()


if __name__ == "__main__":
    main()
