SELECT
    TRANSACTION_ID AS transaction_id,
    CUSTOMER_ID AS account_id,
    CUSTOMER_ID AS customer_id,
    CUSTOMER_ID AS card_id,
    as_minor(TX_AMOUNT) AS amount_minor,
    'EUR' AS currency,
    'out' AS direction,
    'card' AS channel,
    'authorised' AS status,
    TERMINAL_ID AS terminal_id,
    TX_DATETIME AS event_time,
    TRANSACTION_ID AS seq
FROM card_payments
