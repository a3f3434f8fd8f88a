SELECT
    customer AS customer_id,
    product AS product_code,
    opened_on,
    closed_on,
    opened_on AS valid_from
FROM holdings
