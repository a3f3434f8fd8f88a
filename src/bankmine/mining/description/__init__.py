"""Description: what sets a group apart, who is like whom, who has changed, and what amount is to be expected.

Owns miners that describe rather than decide. May import: mining only. Start at `contrast.py` (concept
description with false-discovery control), then `similar.py`, `deviation.py`, `amounts.py`, `before.py`.
"""
