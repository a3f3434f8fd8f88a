-- The terms of each credit and what secures it, as known at the cutoff.
SELECT
  l.loan_id, l.granted_on, l.principal_minor AS granted, l.instalment_minor AS instalment,
  CAST(date_diff('day', l.granted_on, CAST(make_timestamptz($at) AS DATE)) AS DOUBLE) AS age_days
FROM loan AS l
