SELECT
    transaction_id,
    account AS account_id,
    as_minor(amount) AS amount_minor,
    currency,
    CASE movement WHEN 'credit' THEN 'in' WHEN 'debit' THEN 'out' ELSE movement END AS direction,
    CASE txn_description
        WHEN 'POS' THEN 'card'
        WHEN 'SALES-POS' THEN 'card'
        WHEN 'PHONE BANK' THEN 'phone'
        ELSE 'transfer'
    END AS channel,
    CASE card_present_flag WHEN 1 THEN 'present' WHEN 0 THEN 'not_present' END AS entry_mode,
    CASE status WHEN 'authorized' THEN 'authorised' WHEN 'posted' THEN 'booked' ELSE status END AS status,
    CASE txn_description
        WHEN 'POS' THEN 'purchase'
        WHEN 'SALES-POS' THEN 'purchase'
        WHEN 'PAY/SALARY' THEN 'salary'
        WHEN 'INTER BANK' THEN 'inter_bank'
        WHEN 'PHONE BANK' THEN 'phone_bank'
        WHEN 'PAYMENT' THEN 'payment'
        ELSE txn_description
    END AS category,
    merchant_id,
    merchant_suburb AS city,
    TRY_CAST(split_part(merchant_long_lat, ' ', 2) AS DOUBLE) AS lat,
    TRY_CAST(split_part(merchant_long_lat, ' ', 1) AS DOUBLE) AS lon,
    CASE country WHEN 'Australia' THEN 'AU' ELSE country END AS country,
    as_minor(balance) AS balance_after_minor,
    as_instant(left(extraction, 19), '%Y-%m-%dT%H:%M:%S') AS event_time
FROM movements
