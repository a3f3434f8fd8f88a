"""The HTTP API under `/api/v1`: what the bank's other systems ask, by tokens with permissions of their own.

Owns addresses, their JSON and their errors (RFC 9457); what may be seen comes from access, acts from work.
May import work, access, governance, store. Start at `app.py`; `caller.py` says who asks.
"""

from bankmine.service.app import create_api

__all__ = ["create_api"]
