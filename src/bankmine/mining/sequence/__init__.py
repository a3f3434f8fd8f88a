"""Sequences: GRU and LSTM over dated events, served by onnxruntime, with reasons that name the events.

Owns: event sequences (`events.py`), their encoding (`encoding.py`), the networks
(`recurrent.py`, `training.py`: extra `deep`), ONNX from the weights (`graph.py`), the miner
(`classifier.py`), reasons (`occlusion.py`, `wording.py`), windows of the same events to compare with
(`window_columns.py`). May import: `mining.contract` and its neighbours, `bankmine.errors`. Start reading at
`classifier.py`.
"""
