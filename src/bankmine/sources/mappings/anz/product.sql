SELECT
    'current' AS product_code,
    'Everyday account' AS name,
    'current' AS family,
    TIMESTAMP '2018-08-01 00:00:00' AS known_at
