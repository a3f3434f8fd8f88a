-- Applications whose credit went bad: the customer, since when the bank knew it (µs), and until when: a
-- later version that says otherwise ends it. $known as in network_links.sql: with $known given, what was known then
-- to be so in the end, since it was first known.
WITH versions AS (
  SELECT
    customer_id, application_id AS subject, greatest(epoch_us(known_at), epoch_us(bad_known_at)) AS since,
    coalesce(bad AND NOT cancelled, false) AND customer_id IS NOT NULL AS is_bad,
    lead(epoch_us(known_at)) OVER (PARTITION BY application_id ORDER BY known_at, load_number) AS replaced
  FROM credit_application_versions
  WHERE ($known IS NULL OR known_at <= make_timestamptz($known))
),
dated AS (
  SELECT *, min(since) FILTER (is_bad) OVER (PARTITION BY subject) AS first_known FROM versions
)
SELECT customer_id, CASE WHEN $known IS NULL THEN since ELSE first_known END AS since, replaced AS until
FROM dated
WHERE is_bad AND ($known IS NULL OR replaced IS NULL)
ORDER BY ALL
