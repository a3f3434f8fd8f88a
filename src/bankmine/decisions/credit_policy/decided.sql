-- Applications that were granted and have an outcome, or were refused, made before $until (µs): as known at the run's cutoff.
SELECT
  a.application_id AS subject_id, a.customer_id, a.event_time AS cutoff,
  CAST(a.decision AS VARCHAR) = 'approved' AS granted, coalesce(a.bad, false) AS bad
FROM credit_application AS a
WHERE a.event_time < make_timestamptz($until)
  AND (CAST(a.decision AS VARCHAR) = 'declined' OR (CAST(a.decision AS VARCHAR) = 'approved' AND a.bad IS NOT NULL))
ORDER BY a.event_time, a.application_id
