-- The applications asked, as known at the run's cutoff: what was decided of them, and of what kind the customer is.
SELECT r.row_number, CAST(a.decision AS VARCHAR) AS today, CAST(c.kind AS VARCHAR) AS customer_kind
FROM asked_rows AS r
INNER JOIN credit_application AS a ON a.application_id = r.subject_id
LEFT JOIN customer AS c ON c.customer_id = a.customer_id
ORDER BY r.row_number
