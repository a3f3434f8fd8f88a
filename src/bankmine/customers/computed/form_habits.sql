-- What the customer's own devices and addresses were in the $days days before each application, its own session
-- apart: events, those on the application's device, the day the device was first seen, the usual country.
-- "asked" holds (asked_row, customer_id, session_id, device_id, cutoff, knowledge in µs).
WITH seen AS (
  SELECT a.asked_row, a.device_id AS own_device, d.device_id, d.ip_country, d.event_time, d.cancelled
  FROM asked AS a
  JOIN digital_event_versions AS d
    ON d.customer_id = a.customer_id
    AND d.event_time < make_timestamptz(a.cutoff)
    AND d.event_time >= make_timestamptz(a.cutoff) - to_days(CAST($days AS INTEGER))
    AND d.known_at <= make_timestamptz(a.knowledge)
    AND d.session_id IS DISTINCT FROM a.session_id
  QUALIFY row_number() OVER (
    PARTITION BY a.asked_row, d.digital_event_id ORDER BY d.known_at DESC, d.load_number DESC
  ) = 1
),
counted AS (
  SELECT asked_row, ip_country, count(*) AS times
  FROM seen WHERE NOT cancelled AND ip_country IS NOT NULL GROUP BY asked_row, ip_country
),
usual AS (
  SELECT asked_row, ip_country FROM counted
  QUALIFY row_number() OVER (PARTITION BY asked_row ORDER BY times DESC, ip_country) = 1
)
SELECT
  s.asked_row, count(s.device_id) AS events, count(*) FILTER (s.device_id = s.own_device) AS same_device,
  epoch_us(min(s.event_time) FILTER (s.device_id = s.own_device)) AS first_seen, any_value(u.ip_country) AS home
FROM seen AS s LEFT JOIN usual AS u USING (asked_row)
WHERE NOT s.cancelled
GROUP BY s.asked_row ORDER BY s.asked_row
