"""Combination: several kinds of evidence about one row become one probability (stacked generalisation).

Owns the parts of a stack, their learning out of fold, the combiners for every set of parts that may be there,
reasons by column and by part. May import: errors.py and mining. Start reading at stack.py.
"""
