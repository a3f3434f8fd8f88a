-- Loans granted since the data begin: the day of granting, and when each was first 30, 60 and 90 days past due.
-- A loss counts as 90 days past due.
SELECT l.loan_id, any_value(l.granted_on) AS granted_on,
  any_value(l.term_months IS NULL) AS is_line,
  min(e.event_time) FILTER (e.days_past_due >= 30 OR e.kind = 'written_off') AS late_30,
  min(e.event_time) FILTER (e.days_past_due >= 60 OR e.kind = 'written_off') AS late_60,
  min(e.event_time) FILTER (e.days_past_due >= 90 OR e.kind = 'written_off') AS late_90
FROM loan AS l
LEFT JOIN loan_event AS e ON e.loan_id = l.loan_id
WHERE l.granted_on >= $first_day
GROUP BY l.loan_id
ORDER BY l.loan_id
