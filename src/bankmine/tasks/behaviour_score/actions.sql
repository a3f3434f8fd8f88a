-- What happened since an instant to the loans that run now ("running"), newest first: "back" is 1 for the newest
-- action of a loan. "moment" is when it had happened and was known.
SELECT e.loan_id AS subject_id, e.customer_id, e.kind, e.amount_minor, e.principal_after_minor AS value_minor,
  greatest(e.event_time, e.known_at) AS moment,
  row_number() OVER (PARTITION BY e.loan_id ORDER BY e.event_time DESC, e.seq DESC) AS back
FROM loan_event AS e
SEMI JOIN running AS r ON r.loan_id = e.loan_id
WHERE e.event_time >= $since AND coalesce(e.days_past_due, 0) < 90
  AND greatest(e.event_time, e.known_at) < $until
QUALIFY row_number() OVER (PARTITION BY e.loan_id, moment ORDER BY e.event_time DESC, e.seq DESC) = 1
ORDER BY subject_id, moment
