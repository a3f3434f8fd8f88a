-- Money sent by hand to each other bank in the last 365 days and in the 365 before, and by how many customers.
SELECT
  t.counterparty_bank AS bank,
  contains($competitors, ',' || t.counterparty_bank || ',') AS competitor,
  CAST(sum(CASE WHEN t.event_time >= make_timestamptz($year) THEN t.base_minor ELSE 0 END) AS BIGINT) AS now_minor,
  CAST(sum(CASE WHEN t.event_time < make_timestamptz($year) THEN t.base_minor ELSE 0 END) AS BIGINT) AS before_minor,
  count(DISTINCT CASE WHEN t.event_time >= make_timestamptz($year) THEN t.customer_id END) AS customers,
  CAST(
    sum(CASE WHEN t.event_time >= make_timestamptz($year) AND c.closed_on IS NOT NULL THEN t.base_minor ELSE 0 END)
    AS BIGINT
  ) AS by_leavers_minor
FROM customer_transaction AS t
LEFT JOIN customer AS c ON c.customer_id = t.customer_id
WHERE t.event_time >= make_timestamptz($two_years)
  AND t.is_primary
  AND t.direction = 'out'
  AND t.status <> 'declined'
  AND t.channel = 'transfer'
  AND t.counterparty_bank <> $own_bank
GROUP BY t.counterparty_bank
ORDER BY now_minor DESC, bank
