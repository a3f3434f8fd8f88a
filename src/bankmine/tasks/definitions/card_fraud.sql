-- True where an investigation confirmed fraud, as known at the run's cutoff, and when that became known.
-- "asked_rows" holds the transactions.
SELECT r.row_number, f.subject_id IS NOT NULL AS label, f.known_at
FROM asked_rows AS r
LEFT JOIN feedback AS f
  ON f.subject_id = r.subject_id
  AND f.subject_kind = 'transaction'
  AND f.label = 'fraud'
  AND f.verdict = 'confirmed'
ORDER BY r.row_number
