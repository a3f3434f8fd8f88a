-- The verdict on a fraud, known after the Handbook's reporting delay of seven days.
SELECT
    'transaction' AS subject_kind,
    TRANSACTION_ID AS subject_id,
    CUSTOMER_ID AS customer_id,
    'fraud' AS label,
    'confirmed' AS verdict,
    TX_DATETIME AS event_time,
    TX_DATETIME + INTERVAL 7 DAYS AS known_at,
    TRANSACTION_ID AS seq
FROM card_payments
WHERE TX_FRAUD_SCENARIO > 0
