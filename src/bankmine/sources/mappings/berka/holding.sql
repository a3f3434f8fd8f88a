-- What an owner holds follows from accounts, loans and cards.
SELECT
    d.client_id AS customer_id,
    CASE a.frequency
        WHEN 'POPLATEK MESICNE' THEN 'current_monthly'
        WHEN 'POPLATEK TYDNE' THEN 'current_weekly'
        WHEN 'POPLATEK PO OBRATU' THEN 'current_per_transaction'
        ELSE a.frequency
    END AS product_code,
    as_day('19' || a."date", '%Y%m%d') AS opened_on,
    as_day('19' || a."date", '%Y%m%d') AS valid_from
FROM accounts AS a
INNER JOIN dispositions AS d ON d.account_id = a.account_id AND d.type = 'OWNER'
UNION
SELECT
    d.client_id,
    'loan',
    as_day('19' || l."date", '%Y%m%d'),
    as_day('19' || l."date", '%Y%m%d')
FROM loans AS l
INNER JOIN dispositions AS d ON d.account_id = l.account_id AND d.type = 'OWNER'
UNION
SELECT
    d.client_id,
    'card_' || k.type,
    as_day('19' || left(k.issued, 6), '%Y%m%d'),
    as_day('19' || left(k.issued, 6), '%Y%m%d')
FROM cards AS k
INNER JOIN dispositions AS d ON d.disp_id = k.disp_id
