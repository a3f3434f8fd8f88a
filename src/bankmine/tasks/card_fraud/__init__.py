"""Which card transactions are fraud, while it can still be stopped. Start at `task.py`; `features.py` has the
features of its own, `protocol.py` the removal of cards already known to be compromised."""
