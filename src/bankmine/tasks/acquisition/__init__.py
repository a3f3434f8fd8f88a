"""Whom to win next: prospects with a form, people behind counterparties, groups. Start at `task.py`."""
