-- What loans of each state lost within the following months: for every month of history with a whole follow-up
-- of $follow months, the principal lent, by form and lateness, and what of it was written off.
-- "grid" has a row a month: ends, and the instant $follow months later.
WITH spells AS (
  SELECT loan_id, event_time, principal_after_minor, coalesce(days_past_due, 0) AS late,
    lead(event_time) OVER (PARTITION BY loan_id ORDER BY event_time, seq) AS next_time
  FROM loan_event
),
lost AS (
  SELECT loan_id, event_time, amount_minor FROM loan_event WHERE kind = 'written_off'
)
SELECT CASE WHEN l.term_months IS NULL THEN 'line' ELSE 'instalments' END AS form,
  CASE WHEN s.late = 0 THEN 0 WHEN s.late <= 30 THEN 1 WHEN s.late <= 60 THEN 31 WHEN s.late < 90 THEN 61
    ELSE 90 END AS late_from,
  CAST(sum(s.principal_after_minor) AS BIGINT) AS lent_minor,
  CAST(coalesce(sum(w.amount_minor), 0) AS BIGINT) AS lost_minor,
  count(DISTINCT w.loan_id) AS losses
FROM grid AS g
JOIN spells AS s ON s.event_time < g.ends AND (s.next_time IS NULL OR s.next_time >= g.ends)
JOIN loan AS l ON l.loan_id = s.loan_id
LEFT JOIN lost AS w ON w.loan_id = s.loan_id AND w.event_time >= g.ends AND w.event_time < g.follow_ends
WHERE g.cutoff = $cutoff AND s.principal_after_minor > 0
GROUP BY ALL
ORDER BY ALL
