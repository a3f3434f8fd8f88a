-- Person or company, as known at the run's cutoff; "asked_rows" holds the customers.
SELECT r.row_number, coalesce(max(CAST(c.kind AS VARCHAR)), 'person') AS kind
FROM asked_rows AS r
LEFT JOIN customer AS c ON c.customer_id = r.customer_id
GROUP BY r.row_number
ORDER BY r.row_number
