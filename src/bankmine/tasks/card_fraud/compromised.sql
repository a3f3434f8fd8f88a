-- Customers with a confirmed fraud in the period, and when it became known.
SELECT t.customer_id, f.known_at
FROM feedback AS f
JOIN transaction AS t ON t.transaction_id = f.subject_id
WHERE f.subject_kind = 'transaction'
  AND f.label = 'fraud'
  AND f.verdict = 'confirmed'
  AND t.event_time >= make_timestamptz($since)
