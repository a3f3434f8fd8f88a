-- Loans that run at the cutoff and are not in default, with the principal left as value. A line of credit runs
-- while it lies unused too: it may be drawn tomorrow. "stand" says where each loan stands.
SELECT l.loan_id AS subject_id, l.customer_id,
  coalesce(s.left_minor, CASE WHEN l.term_months IS NULL THEN 0 ELSE l.principal_minor END) AS value_minor
FROM loan AS l
INNER JOIN customer AS c ON c.customer_id = l.customer_id
LEFT JOIN stand AS s ON s.loan_id = l.loan_id
WHERE l.status IN ('running', 'running_in_debt')
  AND ($kind = 'any' OR c.kind = $kind)
  AND NOT coalesce(s.lost, FALSE)
  AND coalesce(s.past_due, 0) < 90
  AND (l.term_months IS NULL OR coalesce(s.left_minor, l.principal_minor) > 0)
ORDER BY subject_id
