SELECT 'current' AS product_code, 'Current account' AS name, 'current' AS family, TIMESTAMP '2018-04-01 00:00:00' AS known_at
