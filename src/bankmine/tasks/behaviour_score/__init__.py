"""Behaviour score ("B card"): which running loans and overdrafts will go bad within a year.

Owns: the questions (`question.py`, `overdraft.py`), the task (`task.py`), the score after each action,
vintage curves, roll rates, the check of schedules. May import: what tasks may. Start at `question.py`.
"""
