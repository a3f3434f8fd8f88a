"""The operational database: what people do here, as opposed to what the bank's data say.

Owns the tables, the transactions and the migrations; knows nothing of banks or rights. May import errors,
clock and config. SQLite in the bank's folder, or PostgreSQL when several processes share it. Start at
`database.py`; each module of `tables/` declares the tables of one noun.
"""

from bankmine.store.database import Store
from bankmine.store.ids import new_id
from bankmine.store.times import now_us

__all__ = ["Store", "new_id", "now_us"]
