-- Customers with an open relation who got money in as many days before the cutoff as the horizon has after it: that
-- is at stake. Left out are those who sent a quarter of it or more to other banks by hand already.
-- What is booked on a joint account is divided among its owners (the primary one bears what is left over).
WITH joint AS (
  SELECT transaction_id, 1 + count(*) AS owners
  FROM customer_transaction
  WHERE event_time >= make_timestamptz($usual) AND NOT is_primary
  GROUP BY transaction_id
),
booked AS (
  SELECT
    t.customer_id, t.status, t.direction, t.channel, t.counterparty_bank,
    t.base_minor // coalesce(j.owners, 1)
    + CASE WHEN t.is_primary THEN t.base_minor % coalesce(j.owners, 1) ELSE 0 END AS share_minor
  FROM customer_transaction AS t
  LEFT JOIN joint AS j ON j.transaction_id = t.transaction_id
  WHERE t.event_time >= make_timestamptz($usual)
)
SELECT t.customer_id, CAST(sum(CASE WHEN t.direction = 'in' THEN t.share_minor ELSE 0 END) AS BIGINT) AS value_minor
FROM booked AS t
INNER JOIN customer AS c ON c.customer_id = t.customer_id
WHERE t.status <> 'declined'
  AND (t.direction = 'in' OR t.channel = 'transfer')
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id
HAVING sum(CASE WHEN t.direction = 'in' THEN t.share_minor ELSE 0 END) > 0
  AND sum(
    CASE
      WHEN t.direction = 'out' AND t.channel = 'transfer' AND t.counterparty_bank <> $own_bank THEN t.share_minor
      ELSE 0
    END
  ) < 0.25 * sum(CASE WHEN t.direction = 'in' THEN t.share_minor ELSE 0 END)
