SELECT
    payment_id AS transaction_id,
    account_id,
    card_id,
    as_minor(amount) AS amount_minor,
    currency,
    CASE direction WHEN 'C' THEN 'in' WHEN 'D' THEN 'out' ELSE direction END AS direction,
    channel,
    'booked' AS status,
    category,
    merchant_id,
    terminal_id,
    as_minor(balance) AS balance_after_minor,
    as_instant(booked_at, '%Y-%m-%d %H:%M:%S') AS event_time,
    as_instant(recorded_at, '%Y-%m-%d %H:%M:%S') AS known_at,
    withdrawn = 'yes' AS cancelled
FROM payments
