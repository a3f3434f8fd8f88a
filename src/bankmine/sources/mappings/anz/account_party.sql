SELECT DISTINCT
    account AS account_id,
    customer_id,
    'owner' AS role,
    TIMESTAMP '2018-08-01 00:00:00' AS valid_from
FROM movements
