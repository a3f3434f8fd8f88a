"""Fixtures of the tests of sources."""

from tiny import bank

__all__ = ["bank"]
