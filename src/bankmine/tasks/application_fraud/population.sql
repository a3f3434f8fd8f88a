-- Applications of the periods with what was decided of them, as known at the run's cutoff. "periods" holds the
-- periods, closed below and open above.
SELECT
  a.application_id, a.customer_id, a.event_time, a.amount_minor,
  coalesce(CAST(a.decision AS VARCHAR), 'undecided') AS decision
FROM credit_application AS a
JOIN periods AS p ON a.event_time >= p.since AND a.event_time < p.until
ORDER BY a.event_time, a.application_id
