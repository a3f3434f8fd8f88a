"""Scorecards: binned columns whose points add up to a score a person can check with a pencil.

Owns: exact optimal binning (`rules.py`, `prebins.py`, `optimal.py`, `binning.py`), weight of evidence
(`evidence.py`), the miner (`scorecard.py`) with its selection, regression and points, the printed card
(`card.py`), export to SQL, JSON and Python from one tree (`expression.py`, `export.py`), and changes by hand
with their effect (`editing.py`). May import: `mining.contract` and its neighbours, `bankmine.errors`.
`*_kernel.py` are leaf modules, imported when called. Start reading at `scorecard.py`.
"""
