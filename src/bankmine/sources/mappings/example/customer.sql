SELECT
    customer_id,
    'person' AS kind,
    as_whole(birth_year) AS birth_year,
    CASE gender WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE gender END AS gender,
    region AS region_id,
    as_day(since, '%Y-%m-%d') AS since,
    as_day(since, '%Y-%m-%d') AS valid_from
FROM customers
