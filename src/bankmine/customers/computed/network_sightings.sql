-- What applications gave (phone, device, address, employer), each a sighting that lasts $lasts µs. $known as in
-- network_links.sql: an application that is corrected or cancelled counts until the bank knew that.
WITH versions AS (
  SELECT
    customer_id, phone, device_id, address_id, employer_id, cancelled, epoch_us(event_time) AS happened,
    epoch_us(known_at) AS told,
    lead(epoch_us(known_at)) OVER (PARTITION BY application_id ORDER BY known_at, load_number) AS replaced
  FROM credit_application_versions
  WHERE $known IS NULL OR known_at <= make_timestamptz($known)
),
standing AS (
  SELECT
    *,
    CASE WHEN $known IS NULL THEN greatest(happened, told) ELSE happened END AS since,
    least(happened + $lasts, replaced) AS until
  FROM versions
  WHERE NOT cancelled AND customer_id IS NOT NULL AND ($known IS NULL OR replaced IS NULL)
)
SELECT customer_id AS party, 'phone' AS kind, phone AS element, since, until FROM standing WHERE phone IS NOT NULL
UNION ALL
SELECT customer_id, 'device', device_id, since, until FROM standing WHERE device_id IS NOT NULL
UNION ALL
SELECT customer_id, 'address', address_id, since, until FROM standing WHERE address_id IS NOT NULL
UNION ALL
SELECT customer_id, 'employer', employer_id, since, until FROM standing WHERE employer_id IS NOT NULL
ORDER BY ALL
