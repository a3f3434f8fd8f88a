-- Customers who applied for a product of the family within the days before the cutoff: it is being bought already.
SELECT DISTINCT a.customer_id, 0 AS value_minor
FROM credit_application AS a
INNER JOIN product AS p ON p.product_code = a.product_code
WHERE p.family = $family AND a.event_time >= make_timestamptz($since) AND a.customer_id IS NOT NULL
