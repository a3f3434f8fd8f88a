-- Product families of which each customer opened a product from one day on and before another.
SELECT DISTINCT h.customer_id, p.family
FROM holding AS h
INNER JOIN product AS p ON p.product_code = h.product_code
WHERE h.opened_on >= CAST($first_day AS DATE) AND h.opened_on < CAST($end_day AS DATE) AND p.family IS NOT NULL
ORDER BY h.customer_id, p.family
