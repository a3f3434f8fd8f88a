"""What goes together and what comes after what: itemsets, rules, rules over attributes, sequences, paths.

Owns the bitset miner and PrefixSpan with their caps, measures and tests; may import `mining/contract.py` and
`errors.py` only. Start reading at `baskets.py` and `itemsets.py`, then `rules.py`; `attributes.py` for rules
over columns, `sequences.py` for orders of events. The Numba kernels are leaf modules, imported when used.
"""
