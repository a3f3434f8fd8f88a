"""Serving: fitted models answered by onnxruntime on one thread.

Owns: the session (`session.py`), trees of a LightGBM booster as ONNX (`trees.py`), and the boosted miner
with its calibrator behind one call (`boosted.py`). May import: `mining.contract` and its neighbours,
`bankmine.errors`. Start reading at `boosted.py`.
"""
