-- Known from the first day of the data.
SELECT DISTINCT
    customer_id,
    'person' AS kind,
    2018 - age AS birth_year,
    CASE gender WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE gender END AS gender,
    TIMESTAMP '2018-08-01 00:00:00' AS valid_from
FROM movements
