SELECT
    account_id,
    product AS product_code,
    as_day(opened_on, '%Y-%m-%d') AS opened_on,
    'EUR' AS currency,
    as_day(opened_on, '%Y-%m-%d') AS valid_from
FROM accounts
