"""Reading: from the warehouse to plain arrays, each row with the interval of knowledge in which it counts.

Owns the rows of a bucket (`rows.py`), which version of an event counts when, events that a correction moved
to another key, and the columns kept unpacked beside the warehouse. Imports the bank. Start at `reader.py`.
"""
