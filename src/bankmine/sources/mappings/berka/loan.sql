-- Two versions of each loan: as granted, without status, and as it stood on the day of the extract.
WITH owned AS (
    SELECT
        l.*,
        d.client_id
    FROM loans AS l
    LEFT JOIN dispositions AS d ON d.account_id = l.account_id AND d.type = 'OWNER'
)
SELECT
    loan_id,
    account_id,
    client_id AS customer_id,
    as_day('19' || "date", '%Y%m%d') AS granted_on,
    as_minor(amount) AS principal_minor,
    as_whole(duration) AS term_months,
    as_minor(payments) AS instalment_minor,
    NULL AS status,
    as_day('19' || "date", '%Y%m%d') AS valid_from
FROM owned
UNION ALL
SELECT
    loan_id,
    account_id,
    client_id,
    as_day('19' || "date", '%Y%m%d'),
    as_minor(amount),
    as_whole(duration),
    as_minor(payments),
    CASE status
        WHEN 'A' THEN 'finished'
        WHEN 'B' THEN 'finished_unpaid'
        WHEN 'C' THEN 'running'
        WHEN 'D' THEN 'running_in_debt'
        ELSE status
    END,
    strftime(extract_date(), '%Y-%m-%d 00:00:00')
FROM owned
