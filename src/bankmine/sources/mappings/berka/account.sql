SELECT
    account_id,
    CASE frequency
        WHEN 'POPLATEK MESICNE' THEN 'current_monthly'
        WHEN 'POPLATEK TYDNE' THEN 'current_weekly'
        WHEN 'POPLATEK PO OBRATU' THEN 'current_per_transaction'
        ELSE frequency
    END AS product_code,
    district_id AS branch_id,
    as_day('19' || "date", '%Y%m%d') AS opened_on,
    'CZK' AS currency,
    as_day('19' || "date", '%Y%m%d') AS valid_from
FROM accounts
