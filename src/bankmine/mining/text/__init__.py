"""Text: what customers write, in English and Chinese, masked, learnt from, compared and checked.

Owns: masking of personal data (`masking.py`), words (`words.py`), TF-IDF with a linear head (`linear.py`),
the traditional network it must beat (`sorted_terms.py`), near-copies (`near_copies.py`), facts a text states
(`facts.py`) and their contradictions to fields (`contradictions.py`), a local encoder (`encoder.py`).
May import: `mining.contract` and its neighbours, `bankmine.errors`. Start reading at `words.py`.
"""
