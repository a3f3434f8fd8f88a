"""Classification: how probable it is that a row is positive, why, and by which rules.

Owns: seven families that say rules (`tree.py`, `bayes.py`, `tree_augmented.py`, `network.py`, `genetic.py`,
`rough_sets.py`, `fuzzy.py`; by name in `families.py`), the bar (`logistic.py`, `boosting.py`), baselines, one
model a segment (`per_segment.py`), rules of any model (`surrogate.py`), binning, calibration. May import:
`mining.contract` and its neighbours, `bankmine.errors`. Start reading at `classifier.py`, then `rules.py`.
"""
