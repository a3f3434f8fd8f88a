SELECT DISTINCT
    CUSTOMER_ID AS account_id,
    'current' AS product_code,
    DATE '2018-04-01' AS opened_on,
    'EUR' AS currency,
    TIMESTAMP '2018-04-01 00:00:00' AS valid_from
FROM card_payments
