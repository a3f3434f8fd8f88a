SELECT account_id, customer_id, role, as_day(since, '%Y-%m-%d') AS valid_from
FROM parties
