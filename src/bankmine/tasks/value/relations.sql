-- Customers of the wanted kind whose relation is not ended at the cutoff, as known then.
SELECT customer_id, CAST(0 AS BIGINT) AS value_minor
FROM customer
WHERE closed_on IS NULL AND (kind IS NULL OR kind = $kind OR $kind = 'any')
