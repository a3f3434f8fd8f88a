-- Margin and expected loss of each loan in each period: what is left of it just before the period's end.
-- A loan earns its own rate less the treasury's for its product, and nothing but the treasury's cost once it
-- is 90 days past due. The product is the holding the customer opened on the day of granting; where there is
-- none, the mean of the bank's lending products. "loss_rates" gives the expected yearly loss, whole numbers
-- of 1e-8, by form (line or instalments) and lateness. The whole belongs to the borrower.
WITH prices AS (
  SELECT p.month, r.product_code, r.transfer_rate
  FROM periods AS p
  JOIN rate_history_versions AS r
    ON r.valid_from < p.ends AND (r.valid_to IS NULL OR r.valid_to >= p.ends)
  JOIN product AS f ON f.product_code = r.product_code AND f.family IN ('card', 'loan', 'mortgage')
  WHERE p.cutoff = $cutoff AND r.known_at <= make_timestamptz($cutoff) AND r.transfer_rate IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY p.month, r.product_code ORDER BY r.valid_from DESC, r.known_at DESC, r.load_number DESC
  ) = 1
),
usual AS (
  SELECT month, avg(transfer_rate ORDER BY product_code) AS transfer_rate FROM prices GROUP BY month
),
spells AS (
  SELECT loan_id, event_time, principal_after_minor, coalesce(days_past_due, 0) AS late,
    lead(event_time) OVER (PARTITION BY loan_id ORDER BY event_time, seq) AS next_time
  FROM loan_event
),
lent AS (
  SELECT p.month, p.quarter, p.days, l.customer_id, s.late,
    CAST(s.principal_after_minor AS HUGEINT) AS principal_minor,
    CASE WHEN l.term_months IS NULL THEN 'line' ELSE 'instalments' END AS form,
    CASE WHEN s.late < 90 THEN CAST(round(coalesce(l.rate, 0) * 100000000) AS HUGEINT) ELSE 0 END AS paid,
    (
      SELECT min(h.product_code) FROM holding AS h JOIN product AS f ON f.product_code = h.product_code
      WHERE h.customer_id = l.customer_id AND h.opened_on = l.granted_on
        AND f.family IN ('card', 'loan', 'mortgage')
    ) AS product_code
  FROM periods AS p
  JOIN spells AS s ON s.event_time < p.ends AND (s.next_time IS NULL OR s.next_time >= p.ends)
  JOIN loan AS l ON l.loan_id = s.loan_id
  WHERE p.cutoff = $cutoff AND s.principal_after_minor > 0
),
priced AS (
  SELECT t.customer_id, t.quarter, t.principal_minor, t.days, coalesce(r.loss, 0) AS loss,
    t.paid - CAST(round(coalesce(q.transfer_rate, u.transfer_rate) * 100000000) AS HUGEINT) AS rate
  FROM lent AS t
  JOIN usual AS u ON u.month = t.month
  LEFT JOIN prices AS q ON q.month = t.month AND q.product_code = t.product_code
  LEFT JOIN loss_rates AS r
    ON r.cutoff = $cutoff AND r.form = t.form AND t.late >= r.late_from AND t.late < r.late_until
),
items AS (
  SELECT customer_id, quarter, 'lending' AS component, principal_minor * days AS size_days,
    CAST(sign(rate) * ((2 * principal_minor * abs(rate) * days + 36500000000) // 73000000000) AS BIGINT)
      AS amount_minor
  FROM priced
  UNION ALL
  SELECT customer_id, quarter, 'credit loss' AS component, 0 AS size_days,
    -CAST((2 * principal_minor * loss * days + 36500000000) // 73000000000 AS BIGINT) AS amount_minor
  FROM priced
)
SELECT customer_id, quarter, component, CAST(1 AS BIGINT) AS owners,
  CAST(sum(amount_minor) AS BIGINT) AS amount_minor, CAST(sum(size_days) AS DOUBLE) AS size_days
FROM items
GROUP BY ALL
