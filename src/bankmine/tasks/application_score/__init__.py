"""The application score (A card): which credit applied for will go bad, and what each kind of evidence adds.

Start at `task.py`; the question that other tasks reuse is `question.py`, what feeds which part `evidence.py`.
"""
