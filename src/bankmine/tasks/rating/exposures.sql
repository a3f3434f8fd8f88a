-- Loans and lines that run at the cutoff, defaulted ones among them: what is drawn, the limit of a line, and
-- whether the loan is in default. "stand" says where each loan stands, as for the behaviour score.
SELECT l.loan_id, l.customer_id, l.term_months IS NULL AS is_line,
  coalesce(l.principal_minor, 0) AS limit_minor,
  coalesce(s.left_minor, CASE WHEN l.term_months IS NULL THEN 0 ELSE l.principal_minor END, 0)
    AS drawn_minor,
  coalesce(s.past_due, 0) >= 90 AS in_default
FROM loan AS l
LEFT JOIN stand AS s ON s.loan_id = l.loan_id
WHERE l.status IN ('running', 'running_in_debt')
  AND NOT coalesce(s.lost, FALSE)
  AND (l.term_months IS NULL OR coalesce(s.left_minor, l.principal_minor) > 0)
ORDER BY l.loan_id
