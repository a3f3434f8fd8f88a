-- The day of opening is not said; the first day of the data stands for it.
SELECT DISTINCT
    account AS account_id,
    'current' AS product_code,
    DATE '2018-08-01' AS opened_on,
    currency,
    TIMESTAMP '2018-08-01 00:00:00' AS valid_from
FROM movements
