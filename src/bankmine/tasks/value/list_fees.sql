-- Fees of the price list, for products whose fees are not booked: each period that a product is held just
-- before its end. A product of whose accounts a fee was booked within the periods counts as booked instead.
WITH prices AS (
  SELECT p.month, p.quarter, p.last_day, r.product_code, r.fee_minor
  FROM periods AS p
  JOIN rate_history_versions AS r
    ON r.valid_from < p.ends AND (r.valid_to IS NULL OR r.valid_to >= p.ends)
  WHERE p.cutoff = $cutoff AND r.known_at <= make_timestamptz($cutoff)
  QUALIFY row_number() OVER (
    PARTITION BY p.month, r.product_code ORDER BY r.valid_from DESC, r.known_at DESC, r.load_number DESC
  ) = 1
)
SELECT h.customer_id, p.quarter, 'fees' AS component, CAST(1 AS BIGINT) AS owners,
  CAST(sum(p.fee_minor) AS BIGINT) AS amount_minor
FROM prices AS p
JOIN holding AS h
  ON h.product_code = p.product_code AND h.opened_on <= p.last_day
  AND (h.closed_on IS NULL OR h.closed_on > p.last_day)
WHERE p.fee_minor > 0
  AND NOT EXISTS (SELECT 1 FROM booked_fees AS b WHERE b.cutoff = $cutoff AND b.product_code = p.product_code)
GROUP BY ALL
