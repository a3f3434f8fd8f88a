-- From the bookings of each period: fees charged, interest booked on overdrafts, and what each channel's
-- bookings cost. A row a customer and owner count: the shares of joint accounts are cut afterwards.
-- Overdrafts are negative balances on products that rate_history gives no customer rate. "charged" says
-- whether a fee was booked on accounts of the product at all: its price list then does not count.
WITH costs AS (
  SELECT p.month, c.channel, c.unit_cost_minor
  FROM periods AS p
  JOIN channel_cost_versions AS c
    ON c.valid_from < p.ends AND (c.valid_to IS NULL OR c.valid_to >= p.ends)
  WHERE p.cutoff = $cutoff AND c.known_at <= make_timestamptz($cutoff)
  QUALIFY row_number() OVER (
    PARTITION BY p.month, c.channel ORDER BY c.valid_from DESC, c.known_at DESC, c.load_number DESC
  ) = 1
),
without_rate AS (
  SELECT r.product_code
  FROM rate_history_versions AS r
  WHERE r.known_at <= make_timestamptz($cutoff)
  GROUP BY r.product_code
  HAVING count(r.customer_rate) = 0
),
booked AS NOT MATERIALIZED (
  SELECT t.transaction_id, t.customer_id, t.account_id, t.channel, t.category, t.direction, t.base_minor,
    t.is_primary, p.month, p.quarter
  FROM customer_transaction AS t
  JOIN periods AS p ON t.event_time >= p.begins AND t.event_time < p.ends
  WHERE p.cutoff = $cutoff AND t.status = 'booked' AND t.customer_id IS NOT NULL
),
joint AS (
  SELECT transaction_id, 1 + count(*) AS owners FROM booked WHERE NOT is_primary GROUP BY transaction_id
),
items AS (
  SELECT b.customer_id, b.quarter, coalesce(j.owners, 1) AS owners, a.product_code,
    b.category = 'fee' AND b.direction = 'out' AS charged,
    CASE WHEN b.category = 'fee' THEN CASE b.direction WHEN 'out' THEN b.base_minor ELSE -b.base_minor END
      ELSE 0 END AS fee,
    CASE WHEN b.category = 'interest' AND b.direction = 'out' AND w.product_code IS NOT NULL
      THEN b.base_minor ELSE 0 END AS interest,
    -coalesce(c.unit_cost_minor, 0) AS cost
  FROM booked AS b
  LEFT JOIN joint AS j ON j.transaction_id = b.transaction_id
  LEFT JOIN account AS a ON a.account_id = b.account_id
  LEFT JOIN without_rate AS w ON w.product_code = a.product_code
  LEFT JOIN costs AS c ON c.month = b.month AND c.channel = b.channel
)
SELECT customer_id, quarter, owners, product_code, CAST(sum(fee) AS BIGINT) AS fee,
  CAST(sum(interest) AS BIGINT) AS interest, CAST(sum(cost) AS BIGINT) AS cost,
  coalesce(bool_or(charged), FALSE) AS charged
FROM items
GROUP BY ALL
