"""Who may do what, and what was done: people, passwords, sessions, roles, permissions, scopes, audit.

Owns identity and its record; rights are one table in `permissions.py`, deny by default. May import store,
bank and what lies below. Start at `person.py` (what the rest of the house is handed) and `sign_in.py`; the
audit's chain is in `audit.py`.
"""

from bankmine.governance.permissions import ROLES, Permission, Role
from bankmine.governance.person import Person, Scope

__all__ = ["ROLES", "Permission", "Person", "Role", "Scope"]
