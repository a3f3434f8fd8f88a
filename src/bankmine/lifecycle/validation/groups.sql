SELECT customer_id, kind, gender, birth_year, region_id, branch_id
FROM customer
ORDER BY customer_id
