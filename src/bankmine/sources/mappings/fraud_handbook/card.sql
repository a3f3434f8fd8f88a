SELECT DISTINCT
    CUSTOMER_ID AS card_id,
    CUSTOMER_ID AS account_id,
    CUSTOMER_ID AS customer_id,
    'payment' AS kind,
    TIMESTAMP '2018-04-01 00:00:00' AS valid_from
FROM card_payments
