-- The bank's result of twelve periods by component, from its books alone: no customers, owners or shares.
WITH mine AS (
  SELECT month, begins, ends, last_day, days FROM periods WHERE cutoff = $cutoff
),
known_rates AS (
  SELECT product_code, valid_from, valid_to, fee_minor,
    CAST(round(customer_rate * 100000000) AS HUGEINT) AS paid,
    CAST(round(transfer_rate * 100000000) AS HUGEINT) AS treasury, transfer_rate
  FROM rate_history_versions
  WHERE known_at <= make_timestamptz($cutoff)
  QUALIFY row_number() OVER (PARTITION BY product_code, valid_from ORDER BY known_at DESC, load_number DESC) = 1
),
month_products AS (
  SELECT m.month, m.ends, m.last_day, m.days, p.product_code
  FROM mine AS m CROSS JOIN (SELECT DISTINCT product_code FROM known_rates) AS p
),
rates AS (
  SELECT m.month, m.last_day, m.product_code, r.paid, r.treasury, r.transfer_rate, r.fee_minor
  FROM month_products AS m
  ASOF JOIN known_rates AS r ON r.product_code = m.product_code AND r.valid_from < m.ends
  WHERE r.valid_to IS NULL OR r.valid_to >= m.ends
),
known_costs AS (
  SELECT channel, valid_from, valid_to, unit_cost_minor
  FROM channel_cost_versions
  WHERE known_at <= make_timestamptz($cutoff)
  QUALIFY row_number() OVER (PARTITION BY channel, valid_from ORDER BY known_at DESC, load_number DESC) = 1
),
costs AS (
  SELECT m.month, m.channel, c.unit_cost_minor
  FROM (SELECT mine.month, mine.ends, k.channel FROM mine CROSS JOIN (SELECT DISTINCT channel FROM known_costs) AS k) AS m
  ASOF JOIN known_costs AS c ON c.channel = m.channel AND c.valid_from < m.ends
  WHERE c.valid_to IS NULL OR c.valid_to >= m.ends
),
account_months AS (
  SELECT m.month, m.ends, m.days, a.account_id, a.product_code
  FROM mine AS m CROSS JOIN account AS a
  WHERE a.closed_on IS NULL OR a.closed_on > m.last_day
),
positions AS (
  SELECT a.month, a.days, a.product_code, b.balance_minor
  FROM account_months AS a
  ASOF JOIN balance AS b ON b.account_id = a.account_id AND b.event_time < a.ends
),
loan_months AS (
  SELECT m.month, m.ends, m.days, l.*
  FROM mine AS m CROSS JOIN loan AS l
),
newest AS (
  SELECT loan_id, event_time, max_by(principal_after_minor, seq) AS principal_minor,
    coalesce(max_by(coalesce(days_past_due, 0), seq), 0) AS late
  FROM loan_event GROUP BY loan_id, event_time
),
lent AS (
  SELECT l.month, l.days, l.customer_id, l.granted_on, l.term_months, coalesce(l.rate, 0) AS rate,
    n.principal_minor, n.late
  FROM loan_months AS l
  ASOF JOIN newest AS n ON n.loan_id = l.loan_id AND n.event_time < l.ends
  WHERE n.principal_minor > 0
),
loan_products AS (
  SELECT h.customer_id, h.opened_on, min(h.product_code) AS product_code
  FROM holding AS h SEMI JOIN product AS p
    ON p.product_code = h.product_code AND p.family IN ('card', 'loan', 'mortgage')
  GROUP BY h.customer_id, h.opened_on
),
usual AS (
  SELECT r.month, avg(r.transfer_rate ORDER BY r.product_code) AS transfer_rate
  FROM rates AS r SEMI JOIN product AS p
    ON p.product_code = r.product_code AND p.family IN ('card', 'loan', 'mortgage')
  WHERE r.transfer_rate IS NOT NULL
  GROUP BY r.month
),
lent_priced AS (
  SELECT l.month, l.days, CAST(l.principal_minor AS HUGEINT) AS principal_minor,
    CASE WHEN l.late < 90 THEN CAST(round(l.rate * 100000000) AS HUGEINT) ELSE 0 END
      - CAST(round(coalesce(r.transfer_rate, u.transfer_rate) * 100000000) AS HUGEINT) AS rate,
    coalesce(x.loss, 0) AS loss
  FROM lent AS l
  JOIN usual AS u ON u.month = l.month
  LEFT JOIN loan_products AS h ON h.customer_id = l.customer_id AND h.opened_on = l.granted_on
  LEFT JOIN rates AS r ON r.month = l.month AND r.product_code = h.product_code
  LEFT JOIN loss_rates AS x ON x.cutoff = $cutoff AND l.late >= x.late_from AND l.late < x.late_until
    AND x.form = CASE WHEN l.term_months IS NULL THEN 'line' ELSE 'instalments' END
),
fee_products AS (
  SELECT DISTINCT a.product_code
  FROM transaction AS t JOIN account AS a ON a.account_id = t.account_id
  WHERE t.category = 'fee' AND t.status = 'booked' AND t.direction = 'out'
    AND t.event_time >= (SELECT min(begins) FROM mine)
),
never_priced AS (
  SELECT product_code FROM known_rates GROUP BY product_code HAVING count(paid) = 0
),
items AS (
  SELECT CASE WHEN p.balance_minor > 0 THEN 'deposits' ELSE 'lending' END AS component,
    CAST(p.balance_minor AS HUGEINT) * p.days * (
      r.treasury - CASE
        WHEN coalesce(f.family IN ('card', 'loan', 'mortgage'), FALSE) = (p.balance_minor < 0)
          THEN coalesce(r.paid, 0)
        ELSE 0
      END
    ) AS exact
  FROM positions AS p
  JOIN rates AS r ON r.month = p.month AND r.product_code = p.product_code
  LEFT JOIN product AS f ON f.product_code = p.product_code
  WHERE p.balance_minor <> 0 AND r.treasury IS NOT NULL
  UNION ALL
  SELECT 'lending', principal_minor * days * rate FROM lent_priced
  UNION ALL
  SELECT 'credit loss', -principal_minor * days * loss FROM lent_priced
),
rounded AS (
  SELECT component, sum(CAST(sign(exact) * ((2 * abs(exact) + 36500000000) // 73000000000) AS BIGINT))
    AS amount_minor
  FROM items GROUP BY component
)
SELECT component, CAST(amount_minor AS BIGINT) AS amount_minor FROM rounded
UNION ALL
SELECT 'fees', CAST(coalesce(sum(CASE t.direction WHEN 'out' THEN t.base_minor ELSE -t.base_minor END), 0) AS BIGINT)
FROM transaction AS t
WHERE t.category = 'fee' AND t.status = 'booked' AND t.event_time >= (SELECT min(begins) FROM mine)
UNION ALL
SELECT 'fees', CAST(coalesce(sum(r.fee_minor), 0) AS BIGINT)
FROM holding AS h JOIN rates AS r ON r.product_code = h.product_code
WHERE h.opened_on <= r.last_day AND (h.closed_on IS NULL OR h.closed_on > r.last_day) AND r.fee_minor > 0
  AND NOT EXISTS (SELECT 1 FROM fee_products AS f WHERE f.product_code = h.product_code)
UNION ALL
SELECT 'lending', CAST(coalesce(sum(t.base_minor), 0) AS BIGINT)
FROM transaction AS t JOIN account AS a ON a.account_id = t.account_id
SEMI JOIN never_priced AS n ON n.product_code = a.product_code
WHERE t.category = 'interest' AND t.direction = 'out' AND t.status = 'booked'
  AND t.event_time >= (SELECT min(begins) FROM mine)
UNION ALL
SELECT 'channels', CAST(-coalesce(sum(c.unit_cost_minor), 0) AS BIGINT)
FROM transaction AS t
JOIN mine AS m ON t.event_time >= m.begins AND t.event_time < m.ends
JOIN costs AS c ON c.month = m.month AND c.channel = t.channel
WHERE t.status = 'booked'
UNION ALL
SELECT 'channels', CAST(-coalesce(sum(c.unit_cost_minor), 0) AS BIGINT)
FROM interaction AS i
JOIN mine AS m ON i.event_time >= m.begins AND i.event_time < m.ends
JOIN costs AS c ON c.month = m.month AND c.channel = i.channel
WHERE i.customer_id IS NOT NULL
UNION ALL
SELECT 'channels', CAST(-coalesce(sum(c.unit_cost_minor), 0) AS BIGINT)
FROM (
  SELECT DISTINCT m.month, d.customer_id, d.channel, d.session_id
  FROM digital_event AS d JOIN mine AS m ON d.event_time >= m.begins AND d.event_time < m.ends
  WHERE d.customer_id IS NOT NULL AND d.session_id IS NOT NULL
) AS s
JOIN costs AS c ON c.month = s.month AND c.channel = s.channel
UNION ALL
SELECT 'campaigns', CAST(-coalesce(sum(k.cost_minor), 0) AS BIGINT)
FROM contact AS k
WHERE k.event_time >= (SELECT min(begins) FROM mine) AND k.cost_minor > 0 AND k.customer_id IS NOT NULL
