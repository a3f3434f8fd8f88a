SELECT account AS account_id, customer AS customer_id, role, valid_from, valid_to
FROM parties
