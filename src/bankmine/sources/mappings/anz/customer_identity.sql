SELECT DISTINCT
    customer_id,
    first_name AS name,
    TIMESTAMP '2018-08-01 00:00:00' AS valid_from
FROM movements
