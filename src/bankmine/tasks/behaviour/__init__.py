"""How customers behave: rhythm of the month, paths before a need, needs foreseen. Start at `task.py`."""
