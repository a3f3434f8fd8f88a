"""Kernels: what is compiled, each module a leaf that is imported only where it is called.

Owns the rule of time as code (`kernel.py`), the bands of snapshots, the sliding of replay, the last step from
totals to values, and how all of it is compiled and cached. Imports Numba and constants. Start at `kernel.py`,
then `bands_kernel.py`, whose head draws the bands.
"""
