-- Of each loan: whether it is a line of credit, and what kind of customer has it.
SELECT l.loan_id, any_value(l.term_months IS NULL) AS is_line, any_value(c.kind) AS customer_kind
FROM loan AS l
LEFT JOIN customer AS c ON c.customer_id = l.customer_id
GROUP BY l.loan_id
ORDER BY l.loan_id
