-- A client is known from the opening of the first account the client may use.
-- The birth number is YYMMDD, in this century, with the month plus 50 for women.
SELECT
    c.client_id AS customer_id,
    'person' AS kind,
    1900 + TRY_CAST(left(c.birth_number, 2) AS INTEGER) AS birth_year,
    CASE
        WHEN TRY_CAST(substr(c.birth_number, 3, 2) AS INTEGER) BETWEEN 51 AND 62 THEN 'female'
        WHEN TRY_CAST(substr(c.birth_number, 3, 2) AS INTEGER) BETWEEN 1 AND 12 THEN 'male'
    END AS gender,
    c.district_id AS region_id,
    as_day('19' || min(a."date"), '%Y%m%d') AS since,
    as_day('19' || min(a."date"), '%Y%m%d') AS valid_from
FROM clients AS c
LEFT JOIN dispositions AS d ON d.client_id = c.client_id
LEFT JOIN accounts AS a ON a.account_id = d.account_id
GROUP BY c.client_id, c.birth_number, c.district_id
