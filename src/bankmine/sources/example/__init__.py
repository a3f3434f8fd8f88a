"""A tiny made-up bank's extracts, built by code, for the demonstration and for tests.

Start at `write_extracts`; `world` makes up people and what they do, `files` writes it as a bank would
deliver it, with the dirt real deliveries have. It is small and quick; a whole bank with known truth is
the simulated one. It claims
nothing about real people. Imports numpy and pyarrow, nothing of bankmine.
"""

from bankmine.sources.example.files import Planted, write_extracts

__all__ = ["Planted", "write_extracts"]
