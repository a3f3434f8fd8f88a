-- Purchases; lines that are equal in every field are separate purchases and are counted apart.
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY customer_id, "date", n_cds, "value") AS copy
    FROM purchases
)
SELECT
    concat_ws('-', customer_id, "date", n_cds, "value", copy) AS transaction_id,
    customer_id,
    as_minor("value") AS amount_minor,
    'USD' AS currency,
    'out' AS direction,
    'booked' AS status,
    'web' AS channel,
    'music' AS category,
    as_day("date", '%Y%m%d') AS event_time,
    row_number() OVER (
        PARTITION BY customer_id, "date"
        ORDER BY TRY_CAST(n_cds AS INTEGER), TRY_CAST("value" AS DOUBLE), copy
    ) AS seq
FROM numbered
