-- Customers of the wanted kind whose relation with the bank is open at the cutoff; at stake is what the latest
-- statements of the last 45 days say lies on their accounts (nothing below zero). What lies on a joint account is
-- divided among its owners to the last minor unit: the first by key bear what is left over.
WITH stated AS (
  SELECT customer_id, account_id, max_by(balance_minor, (event_time, seq)) AS balance_minor
  FROM customer_balance
  WHERE event_time >= make_timestamptz($since)
  GROUP BY customer_id, account_id
),
owned AS (
  SELECT
    customer_id, balance_minor, count(customer_id) OVER (PARTITION BY account_id) AS owners,
    row_number() OVER (PARTITION BY account_id ORDER BY customer_id) AS place
  FROM stated
),
held AS (
  SELECT
    customer_id,
    CAST(
      sum(
        balance_minor // owners
        + CASE WHEN place <= abs(balance_minor % owners) THEN sign(balance_minor) ELSE 0 END
      ) AS BIGINT
    ) AS balance_minor
  FROM owned
  GROUP BY customer_id
)
SELECT c.customer_id, greatest(0, coalesce(b.balance_minor, 0)) AS value_minor
FROM customer AS c
LEFT JOIN held AS b
  ON b.customer_id = c.customer_id
WHERE c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
  AND c.since IS NOT NULL
