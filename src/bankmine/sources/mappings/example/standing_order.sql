SELECT order_id, account_id, as_minor(amount) AS amount_minor, purpose AS category, as_day(since, '%Y-%m-%d') AS valid_from
FROM orders
