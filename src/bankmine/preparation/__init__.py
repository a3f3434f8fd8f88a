"""Preparation: from a snapshot (an Arrow table with units) to a model matrix of floats, with fitted state.

Owns: reading columns, cleaning, selection, missing values, heavy tails, scaling, encoding, and the report of
what was done to each column. May import: `bankmine.errors`, `bankmine.evaluation` (the stability index).
Money leaves whole minor units here and nowhere else. Start reading at `preparation.py`.
"""
