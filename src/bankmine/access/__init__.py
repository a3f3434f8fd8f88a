"""What a person may see of a bank: customers, lists, runs and one customer whole, filtered by their scope.

Owns the only way by which pages and the HTTP API read the bank. Rows outside a person's scope are left out
once, before anything is searched, counted, sorted or exported. May import governance, overview and what lies
below; reads only. Start at `place.py` (the process's one `Place`) and `view.py` (a person's view of it).
"""

from bankmine.access.conditions import Between, Condition, Has, OneOf
from bankmine.access.customer import Glance, Identity
from bankmine.access.lists import ListSource
from bankmine.access.place import Place
from bankmine.access.runs import RunSeen
from bankmine.access.tables import Rows, Shown
from bankmine.access.view import View
from bankmine.overview.customer_360 import Customer360

__all__ = [
    "Between",
    "Condition",
    "Customer360",
    "Glance",
    "Has",
    "Identity",
    "ListSource",
    "OneOf",
    "Place",
    "Rows",
    "RunSeen",
    "Shown",
    "View",
]
