SELECT DISTINCT
    CUSTOMER_ID AS customer_id,
    'person' AS kind,
    DATE '2018-04-01' AS since,
    TIMESTAMP '2018-04-01 00:00:00' AS valid_from
FROM card_payments
