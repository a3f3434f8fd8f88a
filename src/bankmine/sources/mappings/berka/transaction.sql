-- PRIJEM is money in; VYDAJ, and VYBER where it stands as a type, is money out.
-- The symbol of a payment may be one blank or empty; both mean that it has none.
SELECT
    trans_id AS transaction_id,
    account_id,
    as_minor(amount) AS amount_minor,
    'CZK' AS currency,
    CASE "type"
        WHEN 'PRIJEM' THEN 'in'
        WHEN 'VYDAJ' THEN 'out'
        WHEN 'VYBER' THEN 'out'
        ELSE "type"
    END AS direction,
    CASE blank(operation)
        WHEN 'VKLAD' THEN 'cash'
        WHEN 'VYBER' THEN 'cash'
        WHEN 'VYBER KARTOU' THEN 'card'
        WHEN 'PREVOD Z UCTU' THEN 'transfer'
        WHEN 'PREVOD NA UCET' THEN 'transfer'
        ELSE coalesce(blank(operation), 'bank')
    END AS channel,
    'booked' AS status,
    CASE blank(k_symbol)
        WHEN 'UROK' THEN 'interest'
        WHEN 'SANKC. UROK' THEN 'penalty_interest'
        WHEN 'SLUZBY' THEN 'statement_fee'
        WHEN 'DUCHOD' THEN 'pension'
        WHEN 'POJISTNE' THEN 'insurance'
        WHEN 'SIPO' THEN 'household'
        WHEN 'UVER' THEN 'loan_payment'
        ELSE blank(k_symbol)
    END AS category,
    blank(bank) AS counterparty_bank,
    CASE WHEN blank(bank) IS NOT NULL AND nullif(blank(account), '0') IS NOT NULL
        THEN blank(bank) || '-' || blank(account)
    END AS counterparty_id,
    as_minor(balance) AS balance_after_minor,
    as_day('19' || "date", '%Y%m%d') AS event_time,
    trans_id AS seq
FROM trans
