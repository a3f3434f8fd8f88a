-- Customers of the wanted kind whose relation goes on, with each product held; null where nothing is held.
SELECT c.customer_id, h.family, h.product_code
FROM customer AS c
LEFT JOIN (
  SELECT held.customer_id, p.family, held.product_code
  FROM holding AS held
  INNER JOIN product AS p USING (product_code)
  WHERE held.closed_on IS NULL
) AS h USING (customer_id)
WHERE c.closed_on IS NULL AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
ORDER BY c.customer_id, h.family, h.product_code
