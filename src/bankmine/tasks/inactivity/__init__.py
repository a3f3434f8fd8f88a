"""Who will make no payment in the next 90 days, and how much money that puts at risk. Start at `task.py`."""
