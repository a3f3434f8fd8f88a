"""Whose risk is building up: cause, severity, likelihood, what controlling it costs, who does what.

Start at `task.py`; `signals.py` declares what is watched, `panel.py` reads it month by month.
"""
