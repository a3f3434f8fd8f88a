-- The band of income the bank holds of each customer.
SELECT DISTINCT customer_id, income_band FROM customer ORDER BY customer_id
