SELECT
    p.customer_id,
    a.product AS product_code,
    min(as_day(p.since, '%Y-%m-%d')) AS opened_on,
    min(as_day(p.since, '%Y-%m-%d')) AS valid_from
FROM parties AS p
INNER JOIN accounts AS a ON a.account_id = p.account_id
GROUP BY p.customer_id, a.product
