"""Survival: how long until something happens, where for many it has not happened yet.

Owns: the curve of a group (`kaplan_meier.py`, with the log-rank test), the effect of columns that may
change in time (`cox.py`), the chance period by period (`discrete.py`), how good they are (`goodness.py`).
May import: `mining.contract` and its neighbours, `bankmine.errors`. Start reading at `kaplan_meier.py`.

Own code over NumPy, some 600 lines: lifelines brings pandas, autograd, formulaic and matplotlib (305 MB in
an empty environment, 2.8 s to import) for what is one sort and a few running totals here, and cannot be saved
as JSON. The tests hold this code against it and against the printed figures of the papers.
"""
