-- Each product's rates month by month: the version in force just before each end in "grid" (month, ends), as
-- known at $known.
SELECT g.month, r.product_code, r.customer_rate, r.transfer_rate
FROM grid AS g
JOIN rate_history_versions AS r
  ON r.valid_from < g.ends AND (r.valid_to IS NULL OR r.valid_to >= g.ends)
WHERE r.known_at <= make_timestamptz($known)
QUALIFY row_number() OVER (
  PARTITION BY g.month, r.product_code ORDER BY r.valid_from DESC, r.known_at DESC, r.load_number DESC
) = 1
ORDER BY r.product_code, g.month
