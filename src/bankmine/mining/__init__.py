"""Miners: algorithms that know nothing of banks, one folder a family:
association, classification, clustering, combination, description, form, network, scorecard, sequence,
serving, survival, text, value.

Owns: the miner contract (`contract.py`), model files without pickle (`files.py`), the families.
May import: `bankmine.errors` and no other room, so that the folder could be lifted out.
Start reading at `contract.py`, then `classification/logistic.py`. Nothing heavy is imported here:
scikit-learn, SciPy and LightGBM load inside `fit`.
"""
