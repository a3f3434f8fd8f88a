"""The fixtures of tests/stores.py, here too."""

from stores import file_store, postgresql, quick_hashes, store, time

__all__ = ["file_store", "postgresql", "quick_hashes", "store", "time"]
