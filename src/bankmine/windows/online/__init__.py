"""Online: features before the event that arrives now, from a state updated one event at a time.

Owns the state, its kernels, its file and its start from history; bit for bit what replay gives. Imports the
declarations and kernels of windows, and the bank. Start at `state.py`; docs/online.md has the examples.
"""

from bankmine.windows.online.state import OnlineState

__all__ = ["OnlineState"]
