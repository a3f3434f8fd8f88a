-- Small firms
-- Companies with fewer than 50 employees, the European Union's limit of a small enterprise.
SELECT c.customer_id
FROM customer AS c
LEFT JOIN company AS f ON f.customer_id = c.customer_id
WHERE c.kind = 'company'
  AND (f.employees < 50 OR f.employees IS NULL)
  AND c.closed_on IS NULL
