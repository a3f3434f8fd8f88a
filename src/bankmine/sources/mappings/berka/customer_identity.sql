-- The birth number identifies a person; it is kept encrypted only.
SELECT
    c.client_id AS customer_id,
    c.birth_number AS national_id,
    as_day('19' || min(a."date"), '%Y%m%d') AS valid_from
FROM clients AS c
LEFT JOIN dispositions AS d ON d.client_id = c.client_id
LEFT JOIN accounts AS a ON a.account_id = d.account_id
GROUP BY c.client_id, c.birth_number
