SELECT customer_id, kind, gender, birth_year
FROM customer
ORDER BY customer_id
