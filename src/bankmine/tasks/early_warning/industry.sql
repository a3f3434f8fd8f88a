-- The industry of each company at the cutoff.
SELECT customer_id, industry FROM company WHERE industry IS NOT NULL
