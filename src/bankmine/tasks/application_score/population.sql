-- Applications as known at the run's cutoff: those with an outcome in the period that learns and tests, and all of
-- the newest period, which get a score (declined, withdrawn and undecided ones too).
SELECT
  a.application_id, a.customer_id, a.event_time, a.amount_minor,
  coalesce(CAST(a.decision AS VARCHAR), 'undecided') AS decision
FROM credit_application AS a
WHERE (a.event_time >= make_timestamptz($since) AND a.event_time < make_timestamptz($scored) AND a.bad IS NOT NULL)
  OR (a.event_time >= make_timestamptz($scored) AND a.event_time < make_timestamptz($until))
ORDER BY a.event_time, a.application_id
