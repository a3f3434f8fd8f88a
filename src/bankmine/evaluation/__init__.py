"""Evaluation: is the model any good, how sure are we, and did it cheat?

Owns: splits forward in time, metrics, bootstrap intervals, comparison with baselines, calibration, stability,
fairness, gain, and the honesty tests against leaks. May import: `bankmine.errors` and no other room; it knows
no bank, only arrays. Start reading at `metrics.py`, then `intervals.py` and `baselines.py`.
"""
