"""The command: `bidlab`, or `python -m bidlab`."""

from __future__ import annotations

import importlib
import os
import sys


def main() -> None:
    """Run the command line; a module that shadows one of ours is named in one line."""
    try:
        one_thread = importlib.import_module("bidlab.kit.threads").ONE_THREAD
        for name, count in one_thread.items():  # before numpy is loaded; what the user has set stands
            os.environ.setdefault(name, count)
        command = importlib.import_module("bidlab.cli").main
    except ImportError as error:
        if "stands in the place of" not in str(error):
            raise
        sys.exit(f"bidlab: {error}")
    command()


if __name__ == "__main__":
    main()
