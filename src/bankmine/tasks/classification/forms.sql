-- What each customer would fill in on a form, as known at the cutoff.
SELECT
    customer_id,
    CAST($year - birth_year AS DOUBLE) AS age,
    occupation,
    income_band,
    education
FROM customer
WHERE kind = 'person' AND closed_on IS NULL
ORDER BY customer_id
