"""What to do for one subject: policies, cut-offs, limits, prices, and decisions kept so that they replay.

Owns `credit_policy/` (a bank's decision tables and all that is asked of them). May import lifecycle and
everything below it; the overview, the pipeline and the command line may import it. A policy, its tables and
its evaluation are pure; only the log and the reading of runs touch files. Start at `credit_policy/policy.py`.
"""
