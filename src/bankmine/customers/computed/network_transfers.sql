-- Other customers each row's customer sent money to or had it from lately, through counterparties resolved as customers:
-- the row and the other, by the version of the counterparty that counts then. "asked" holds (asked_row, customer_id, cutoff,
-- knowledge in µs); $lasts µs are "lately". Only the customer's own bookings are read.
WITH booked AS (
  SELECT a.asked_row, a.customer_id, a.cutoff, a.knowledge, t.counterparty_id, t.cancelled, t.status
  FROM asked AS a
  JOIN transaction_versions AS t
    ON t.customer_id = a.customer_id
    AND t.event_time < make_timestamptz(a.cutoff)
    AND t.event_time >= make_timestamptz(a.cutoff - $lasts)
    AND t.known_at <= make_timestamptz(a.knowledge)
  QUALIFY row_number() OVER (
    PARTITION BY a.asked_row, t.transaction_id ORDER BY t.known_at DESC, t.load_number DESC
  ) = 1
),
resolved AS (
  SELECT b.asked_row, b.customer_id, c.resolved_customer_id AS other
  FROM booked AS b
  JOIN counterparty_versions AS c
    ON c.counterparty_id = b.counterparty_id
    AND c.valid_from <= make_timestamptz(b.cutoff) AND c.known_at <= make_timestamptz(b.knowledge)
  WHERE NOT b.cancelled AND b.status IS DISTINCT FROM 'declined'
  QUALIFY row_number() OVER (
    PARTITION BY b.asked_row, b.counterparty_id ORDER BY c.valid_from DESC, c.known_at DESC, c.load_number DESC
  ) = 1
)
SELECT DISTINCT asked_row, other FROM resolved
WHERE other IS NOT NULL AND other <> customer_id
ORDER BY asked_row, other
