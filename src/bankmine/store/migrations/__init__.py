"""The store's migrations; `versions/` has one module for each, `env.py` is what Alembic runs around them."""
