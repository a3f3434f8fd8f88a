SELECT customer_id, name, email, as_day(since, '%Y-%m-%d') AS valid_from
FROM customers
