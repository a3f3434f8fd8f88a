-- All events of loans as known at the cutoff, in their order; "is_line" where the loan has no term.
SELECT e.loan_id, e.kind, e.event_time, e.known_at, e.amount_minor, e.principal_after_minor, e.due_next_on,
  e.days_past_due, coalesce(l.is_line, TRUE) AS is_line
FROM loan_event AS e
LEFT JOIN (
  SELECT loan_id, bool_and(term_months IS NULL) AS is_line FROM loan GROUP BY loan_id
) AS l ON l.loan_id = e.loan_id
ORDER BY e.loan_id, e.event_time, e.seq
