"""The report's own pages (home, customers) and the whole report put together.

Imports customers, lifecycle, understanding and report; owns no figures of its own beyond counts. Start at
`assemble.py`; `home.py` opens the report, `customers.py` shows all customers at the snapshot's cutoff.
"""
