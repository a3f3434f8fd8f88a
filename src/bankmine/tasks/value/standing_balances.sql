-- What lies on each customer's accounts and loans at the cutoff, by product and by what it earns: a joint
-- account's balance is divided among its owners (sizes are whole 840ths of a minor unit). The kinds of earning are those of account_items and loan_items;
-- a loan without a known product has none (the mean of the lending products stands in for it).
WITH last_balance AS (
  SELECT account_id, max(event_time) AS event_time FROM balance GROUP BY account_id
),
owned AS (
  SELECT b.customer_id, b.account_id, b.balance_minor,
    count(*) OVER (PARTITION BY b.account_id) AS owners
  FROM customer_balance AS b
  JOIN last_balance AS l ON l.account_id = b.account_id AND l.event_time = b.event_time
),
on_accounts AS (
  SELECT o.customer_id, a.product_code,
    CASE WHEN o.balance_minor > 0 THEN 'deposits' ELSE 'lending' END AS component,
    CASE
      WHEN o.balance_minor < 0 AND f.family IN ('card', 'loan', 'mortgage') THEN 'lent at the product''s rate'
      WHEN o.balance_minor < 0 THEN 'lent'
      WHEN f.family IN ('card', 'loan', 'mortgage') THEN 'in credit without interest'
      ELSE 'in credit'
    END AS kind,
    CAST(abs(o.balance_minor) AS HUGEINT) * (840 // o.owners) AS parts
  FROM owned AS o
  JOIN account AS a ON a.account_id = o.account_id
  LEFT JOIN product AS f ON f.product_code = a.product_code
  WHERE o.balance_minor <> 0 AND a.closed_on IS NULL
),
last_event AS (
  SELECT loan_id, max_by(principal_after_minor, (event_time, seq)) AS principal_minor
  FROM loan_event
  GROUP BY loan_id
),
on_loans AS (
  SELECT l.customer_id,
    (
      SELECT min(h.product_code) FROM holding AS h JOIN product AS f ON f.product_code = h.product_code
      WHERE h.customer_id = l.customer_id AND h.opened_on = l.granted_on
        AND f.family IN ('card', 'loan', 'mortgage')
    ) AS product_code,
    'lending' AS component, 'lent' AS kind, CAST(e.principal_minor AS HUGEINT) * 840 AS parts
  FROM last_event AS e
  JOIN loan AS l ON l.loan_id = e.loan_id
  WHERE e.principal_minor > 0
)
SELECT customer_id, product_code, component, kind, CAST(sum(parts) AS DOUBLE) AS size
FROM (SELECT * FROM on_accounts UNION ALL SELECT * FROM on_loans)
WHERE customer_id IS NOT NULL
GROUP BY ALL
ORDER BY ALL
