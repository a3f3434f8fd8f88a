SELECT
    k.card_id,
    d.account_id,
    d.client_id AS customer_id,
    k.type AS kind,
    as_day('19' || left(k.issued, 6), '%Y%m%d') AS issued_on,
    as_day('19' || left(k.issued, 6), '%Y%m%d') AS valid_from
FROM cards AS k
LEFT JOIN dispositions AS d ON d.disp_id = k.disp_id
