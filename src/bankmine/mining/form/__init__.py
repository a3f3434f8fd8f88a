"""Forms: what the few fields a stranger fills in say about him, also when most are still empty.

Owns: the fields (`fields.py`), training with masked fields (`masking.py`, `learning.py`), the worth of the
next question (`asking.py`), the model that puts them together (`model.py`, where to start reading).
May import: `mining.contract` and its neighbours, `bankmine.errors`.
"""
