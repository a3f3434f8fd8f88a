SELECT
    product AS product_code,
    customer_rate,
    transfer_rate,
    fee AS fee_minor,
    valid_from,
    TRY_CAST(valid_from AS TIMESTAMP) AS known_at
FROM rates
