"""What people do with what was mined: jobs. Each act is permitted, audited and can be undone.

Owns the acts and their state in the store; pages and the API call them and add nothing. May import access,
governance, store, pipeline and what lies below. Start reading at `jobs.py`; `job_process.py` is the child
process that does a job's work.
"""
