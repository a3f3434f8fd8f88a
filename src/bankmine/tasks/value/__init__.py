"""What each customer is worth: profit of the last twelve months, lifetime value, the 80/20 curve.

Start at `task.py`. `ledger.py` is the accounting (its SQL beside it), `reconcile.py` the proof that it sums
to the bank's result, `lifetime.py` the forecast, `purchases.py` the way for banks without balances.
"""
