"""Linear algebra on one thread: the arrays here are small, and more threads wait for each other longer than they work.

The variables count only where they are set before numpy is loaded: by the command line, and for each process of a
sweep. From Python they are the user's to set.
"""

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
