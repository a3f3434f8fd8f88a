-- Customers of the wanted kind whose relation goes on and who hold no product of the family at the cutoff.
SELECT DISTINCT c.customer_id, 0 AS value_minor
FROM customer AS c
WHERE c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
  AND c.customer_id NOT IN (
    SELECT h.customer_id
    FROM holding AS h
    INNER JOIN product AS p ON p.product_code = h.product_code
    WHERE p.family = $family AND h.closed_on IS NULL
  )
