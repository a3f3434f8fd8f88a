SELECT DISTINCT product AS product_code, product || ' account' AS name, product AS family, DATE '2023-12-31' AS known_at
FROM accounts
