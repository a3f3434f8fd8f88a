-- Money in and out of each customer of the wanted kind on each civil day from $since, in the bank's time zone:
-- regular income (wages and pensions, where the bank names them), all money in, and what was spent. Transfers,
-- savings and investments move money and are not spending.
SELECT
  t.customer_id,
  CAST(timezone($zone, t.event_time) AS DATE) AS day,
  sum(CASE WHEN t.direction = 'in' AND t.category IN ('salary', 'pension', 'benefit') THEN t.base_minor ELSE 0 END)
    AS income_minor,
  sum(CASE WHEN t.direction = 'in' AND coalesce(t.category, '') NOT IN ('savings', 'interest') THEN t.base_minor
      ELSE 0 END) AS in_minor,
  sum(CASE WHEN t.direction = 'out' AND coalesce(t.category, '') NOT IN ('savings', 'investment', 'transfer_out')
      THEN t.base_minor ELSE 0 END) AS out_minor
FROM customer_transaction AS t
INNER JOIN customer AS c USING (customer_id)
WHERE t.status <> 'declined'
  AND t.event_time >= make_timestamptz($since)
  AND c.closed_on IS NULL
  AND (c.kind IS NULL OR c.kind = $kind OR $kind = 'any')
GROUP BY t.customer_id, day
ORDER BY t.customer_id, day
