-- A customer exists from the first purchase; the extract says nothing else about people.
SELECT
    customer_id,
    'person' AS kind,
    min(as_day("date", '%Y%m%d')) AS since,
    min(as_day("date", '%Y%m%d')) AS valid_from
FROM purchases
GROUP BY customer_id
