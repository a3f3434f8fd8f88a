"""Network: who is joined with whom, as it stood at a cutoff, and what that says about a party.

Owns: links in time and their cleaning (`links.py`), components at any time (`components.py`), features,
neighbourhoods and reasons (`around.py`), PageRank (`page_rank.py`), the picture (`picture.py`).
May import: `mining.contract`, `bankmine.errors`. Nothing later than a cutoff is ever read.
Start reading at `links.py`, then `components.py`; the kernels are leaf modules (Numba is slow to import).
"""
