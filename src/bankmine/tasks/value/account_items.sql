-- Margin of each account in each period: what its balance earns against the treasury's rates.
-- "periods" has a row a period before $cutoff: quarter, begins, ends (exclusive), last_day, days.
-- The last balance known before a period's end holds for the period, on accounts still open then. The price
-- of a product is the version of rate_history in force just before the end. Rates are whole numbers of 1e-8,
-- so that every amount is exact: half a minor unit is rounded away from zero.
WITH prices AS (
  SELECT p.month, r.product_code,
    CAST(round(coalesce(r.customer_rate, 0) * 100000000) AS HUGEINT) AS paid,
    CAST(round(r.transfer_rate * 100000000) AS HUGEINT) AS treasury
  FROM periods AS p
  JOIN rate_history_versions AS r
    ON r.valid_from < p.ends AND (r.valid_to IS NULL OR r.valid_to >= p.ends)
  WHERE p.cutoff = $cutoff AND r.known_at <= make_timestamptz($cutoff)
  QUALIFY row_number() OVER (
    PARTITION BY p.month, r.product_code ORDER BY r.valid_from DESC, r.known_at DESC, r.load_number DESC
  ) = 1
),
spells AS (
  SELECT account_id, event_time, balance_minor,
    lead(event_time) OVER (PARTITION BY account_id ORDER BY event_time) AS next_time
  FROM balance
),
held AS (
  SELECT p.month, p.quarter, p.days, s.account_id, s.event_time, a.product_code,
    CAST(s.balance_minor AS HUGEINT) AS balance_minor
  FROM periods AS p
  JOIN spells AS s ON s.event_time < p.ends AND (s.next_time IS NULL OR s.next_time >= p.ends)
  JOIN account AS a ON a.account_id = s.account_id
  WHERE p.cutoff = $cutoff AND s.balance_minor <> 0 AND (a.closed_on IS NULL OR a.closed_on > p.last_day)
),
earned AS (
  SELECT h.quarter, h.account_id, h.event_time, h.days, abs(h.balance_minor) AS size,
    CASE WHEN h.balance_minor > 0 THEN 'deposits' ELSE 'lending' END AS component,
    CASE
      WHEN h.balance_minor < 0 AND f.family IN ('card', 'loan', 'mortgage') THEN q.paid - q.treasury
      WHEN h.balance_minor < 0 THEN -q.treasury
      WHEN f.family IN ('card', 'loan', 'mortgage') THEN q.treasury
      ELSE q.treasury - q.paid
    END AS rate
  FROM held AS h
  JOIN prices AS q ON q.month = h.month AND q.product_code = h.product_code
  LEFT JOIN product AS f ON f.product_code = h.product_code
  WHERE q.treasury IS NOT NULL
),
items AS (
  SELECT quarter, account_id, event_time, component, size * days AS size_days,
    CAST(sign(rate) * ((2 * size * abs(rate) * days + 36500000000) // 73000000000) AS BIGINT) AS amount_minor
  FROM earned
)
SELECT b.customer_id, i.quarter, i.component, b.owners, CAST(sum(i.amount_minor) AS BIGINT) AS amount_minor,
  CAST(sum(i.size_days) AS DOUBLE) AS size_days
FROM items AS i
JOIN (
  SELECT account_id, event_time, customer_id,
    count(*) OVER (PARTITION BY account_id, event_time) AS owners
  FROM customer_balance
) AS b ON b.account_id = i.account_id AND b.event_time = i.event_time
GROUP BY ALL
