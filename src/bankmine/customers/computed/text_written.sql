-- What each application says it is for, as first known, still encrypted; in order of when it could be read.
WITH first AS (
  SELECT * FROM credit_application_versions
  WHERE NOT cancelled
  QUALIFY row_number() OVER (PARTITION BY application_id ORDER BY known_at, load_number) = 1
)
SELECT
  application_id, customer_id, epoch_us(event_time) AS happened, epoch_us(known_at) AS told, purpose_text,
  product_code, amount_minor, stated_income_minor
FROM first
ORDER BY greatest(event_time, known_at), event_time, application_id
