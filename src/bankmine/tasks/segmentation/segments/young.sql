-- Young
-- Persons who turn 28 or less in the year of the cutoff.
SELECT customer_id
FROM customer
WHERE kind = 'person'
  AND year(make_timestamptz($cutoff)) - birth_year <= 28
  AND closed_on IS NULL
