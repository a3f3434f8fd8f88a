-- Customers of the wanted kind whose relation goes on.
SELECT customer_id, 0 AS value_minor
FROM customer
WHERE closed_on IS NULL AND (kind IS NULL OR kind = $kind OR $kind = 'any')
