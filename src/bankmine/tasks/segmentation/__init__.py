"""Which kinds of customers the bank has, by what they do. Start at `task.py`; `words.py` names segments."""
