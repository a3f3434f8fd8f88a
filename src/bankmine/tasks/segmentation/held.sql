-- Product families each customer holds at the cutoff.
SELECT DISTINCT h.customer_id, p.family
FROM holding AS h
INNER JOIN product AS p ON p.product_code = h.product_code
WHERE h.closed_on IS NULL AND p.family IS NOT NULL
ORDER BY h.customer_id, p.family
