-- Card transactions in the periods, one row each, as known at the run's cutoff; declined ones are decided
-- already. "periods" holds the periods, closed below and open above.
SELECT t.transaction_id, t.customer_id, t.event_time, t.seq, t.base_minor
FROM transaction AS t
JOIN periods AS p ON t.event_time >= p.since AND t.event_time < p.until
WHERE t.direction = 'out'
  AND t.status <> 'declined'
  AND (t.card_id IS NOT NULL OR t.terminal_id IS NOT NULL)
ORDER BY t.event_time, t.seq, t.transaction_id
