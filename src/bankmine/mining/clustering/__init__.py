"""Clustering: groups of rows that are like each other, and whether the groups can be trusted.

Owns: eight miners (`clusterer.py` is what they share), the choice of the number of clusters (`choice.py`),
the stability gate (`stability.py`), all miners compared (`comparison.py`), ids that stay from run to run
(`matching.py`), what sets each cluster apart (`profile.py`). May import: `mining.contract` and its
neighbours, `bankmine.errors`. `*_kernel.py` are leaf modules, imported when called. Start reading at
`kmeans.py`.
"""
