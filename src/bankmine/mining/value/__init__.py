"""Miners of customer value: how often a customer will buy again, whether one still does, and for how much.

Own likelihoods with gradients: `beta_geometric.py` (BG/NBD, MBG/NBD), `pareto_nbd.py`, `bg_bb.py`,
`gamma_gamma.py`; one way of fitting and of checking a fit for all of them in `fitting.py`; what they are
fitted on in `purchases.py`. May import nothing but errors and mining. Start at `model.py`.
"""
