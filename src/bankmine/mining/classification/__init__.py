"""Classification: how probable it is that a row is positive, and why.

Owns: the baselines (`baselines.py`: prior, single rule), logistic regression (`logistic.py`), gradient
boosting (`boosting.py`), calibration (`calibration.py`). May import: `mining.contract` and its neighbours,
`bankmine.errors`. Start reading at `classifier.py`, the interface all share.
"""
