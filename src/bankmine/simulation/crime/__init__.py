"""Crime among the customers: fraud with cards and accounts, laundering, and the innocent twins of each.

`crime_of` plans every payment of crime and of its twins as entries; the ledger books them; then `tables`
writes what the bank comes to know (verdicts, holds, logins) and `truth` what really happened. Start at
`committed.py`; `cards.py`, `takeover.py` and `laundering.py` hold the causes, `honest_*.py` the twins.
"""

from bankmine.simulation.crime.committed import Crime, crime_of

__all__ = ["Crime", "crime_of"]
