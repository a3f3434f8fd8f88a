"""Credit policy: decision tables as the bank's own files, checked exactly, simulated, logged and replayed.

`reading.py` reads a file, `conditions.py` says what a condition holds, `boxes.py` and `checking.py` find
gaps and rows nobody reaches, `deciding.py` decides for one applicant and by columns. `applicants.py`
brings those of a run; `money.py`, `cutoffs.py`, `limits.py`, `strategy.py` count money; `inference/`
asks whether the refused may be inferred; `log.py` and `replay.py` keep decisions; `counterfactual.py` says
what would approve; `desk.py` and `trial.py` put them to work on a bank.
"""
