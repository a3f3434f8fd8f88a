"""Clustering: groups of rows that are like each other, and whether the groups can be trusted.

Owns: k-means (`kmeans.py`), the stability gate (`stability.py`), the choice of the number of clusters
(`choice.py`) and what sets each cluster apart (`profile.py`). May import: `mining.contract` and its
neighbours, `bankmine.errors`. Start reading at `kmeans.py`.
"""
