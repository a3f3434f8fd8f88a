SELECT DISTINCT region AS region_id, DATE '2024-01-01' AS period_from, 'Region ' || right(region, 1) AS name, DATE '2023-12-31' AS known_at
FROM customers
