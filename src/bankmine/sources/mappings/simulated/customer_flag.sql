SELECT customer AS customer_id, flag, valid_from, valid_to
FROM flags
