-- What each customer would write on a form, as known at the cutoff.
SELECT
  customer_id,
  CAST(max($year - birth_year) AS DOUBLE) AS age,
  any_value(occupation) AS occupation,
  any_value(income_band) AS income_band,
  any_value(education) AS education
FROM customer
WHERE kind IS NULL OR kind = 'person'
GROUP BY customer_id
ORDER BY customer_id
