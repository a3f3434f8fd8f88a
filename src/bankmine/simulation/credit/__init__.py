"""Credit: who asks, what other institutions know, who is granted what, who stops paying and why.

`credit_of` makes one community's requests, forms, bureau histories, decisions and credits; its result writes
the extracts and the truth. Start at `lending.py`; `default_cause.py` holds the causes of default,
`applications.py` the signs of false data, `course.py` what happens to a credit month by month.
"""

from bankmine.simulation.credit.lending import Credit, credit_of

__all__ = ["Credit", "credit_of"]
