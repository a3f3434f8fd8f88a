-- A party is known from the account's opening; the extract dates no change of owners.
SELECT
    d.account_id,
    d.client_id AS customer_id,
    CASE d.type WHEN 'OWNER' THEN 'owner' WHEN 'DISPONENT' THEN 'authorised' ELSE d.type END AS role,
    as_day('19' || a."date", '%Y%m%d') AS valid_from
FROM dispositions AS d
LEFT JOIN accounts AS a ON a.account_id = d.account_id
