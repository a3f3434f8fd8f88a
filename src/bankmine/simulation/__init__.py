"""A whole made-up bank with known truth: its extracts, and apart from them every cause in `truth/`.

Owns the model of the bank (causes → raw tables), the scenarios, the writing of extracts, the ceilings.
Imports `bank`, `evaluation`, `errors`; nobody but `pipeline`, `cli` and `api` imports it.
Start at `community.py`: it makes one community of customers, step by step; `frame.py` holds what all
communities share. Every random draw is a function of (seed, community, name of the stream) alone, so the
number of chunks and cores changes no byte.
"""
