-- Each application's own country as first known; "asked" holds (asked_row, application_id).
WITH first AS (
  SELECT application_id, ip_country FROM credit_application_versions
  SEMI JOIN asked USING (application_id) WHERE NOT cancelled
  QUALIFY row_number() OVER (PARTITION BY application_id ORDER BY known_at, load_number) = 1
)
SELECT a.asked_row, f.ip_country
FROM asked AS a JOIN first AS f USING (application_id) ORDER BY a.asked_row
