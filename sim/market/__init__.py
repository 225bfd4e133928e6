"""The event market: what happens to tasks, as processes on a virtual clock."""
