"""Who is leaving: closure, silence and silent attrition product by product, when, and what may be done.

Start at `task.py`, the study; `questions.py` has what it asks, `definitions/` beside it what the truth is.
"""
