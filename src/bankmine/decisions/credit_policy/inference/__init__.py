"""May the outcome of those refused be inferred from those granted? Methods, and a test that may say no.

`methods.py` has the usual ones, `bivariate.py` the one for selection on what nobody recorded, `masked.py`
hides some granted ones and asks which method finds their truth. `of_bank.py` asks it of a bank's
applications.
"""
