"""Cross-selling: what to offer next to whom, why, what it is expected to bring, and who is left out.

Owns holding rules and bundles tested forward, eligibility (`eligibility.toml`), margins, the offers and their
back-test, and the form that names an insurance; may import what tasks may. Start reading at `task.py`.
"""
