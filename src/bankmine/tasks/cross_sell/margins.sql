-- What a product is expected to hold and to bring in a year: its size, its rates and its fee, as known.
-- Size: the mean balance of its accounts at their latest statement (what is lent counts as such), or half of
-- the mean sum lent by loans granted within a week of the holding.
WITH latest AS (
  SELECT account_id, arg_max(balance_minor, event_time) AS balance_minor FROM balance GROUP BY account_id
),
kept AS (
  SELECT a.product_code, avg(abs(l.balance_minor)) AS size_minor
  FROM latest AS l
  INNER JOIN account AS a USING (account_id)
  WHERE a.closed_on IS NULL
  GROUP BY a.product_code
),
lent AS (
  SELECT h.product_code, avg(l.principal_minor) / 2 AS size_minor
  FROM holding AS h
  INNER JOIN product AS p ON p.product_code = h.product_code AND p.family IN ('loan', 'mortgage')
  INNER JOIN loan AS l
    ON l.customer_id = h.customer_id AND abs(date_diff('day', h.opened_on, l.granted_on)) <= 7
  GROUP BY h.product_code
)
SELECT p.product_code, p.name, p.family, p.risk_class,
  coalesce(l.size_minor, k.size_minor) AS size_minor,
  r.customer_rate, r.transfer_rate, coalesce(r.fee_minor, 0) AS fee_minor
FROM product AS p
LEFT JOIN kept AS k ON k.product_code = p.product_code
LEFT JOIN lent AS l ON l.product_code = p.product_code
LEFT JOIN rate_history AS r ON r.product_code = p.product_code
ORDER BY p.product_code
