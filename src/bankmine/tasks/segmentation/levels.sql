-- How often each kind of payment was made: what of a bank's payments can be told apart.
SELECT
    category, mcc, channel, country,
    merchant_id IS NOT NULL AS at_merchant,
    city IS NOT NULL AS in_city,
    CAST(timezone($zone, event_time) AS TIME) <> TIME '00:00' AS timed,
    count(*) AS payments
FROM transaction
WHERE direction = 'out'
  AND status <> 'declined'
  AND event_time >= make_timestamptz($since)
GROUP BY ALL
