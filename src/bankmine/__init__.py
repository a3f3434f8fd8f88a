"""bankmine: a data-mining system for banks, from raw tables to decisions whose gain is measured.

Start at `bankmine.open("my-bank")`. The rooms and the arrows between them are in docs/house.md.
"""

__version__ = "0.1.0"
