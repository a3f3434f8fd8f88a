-- What customers would have written on the form, as known at the cutoff.
SELECT
    customer_id,
    CAST($year - birth_year AS DOUBLE) AS age,
    occupation,
    income_band,
    education,
    since
FROM customer
WHERE kind = 'person' AND closed_on IS NULL
ORDER BY customer_id
