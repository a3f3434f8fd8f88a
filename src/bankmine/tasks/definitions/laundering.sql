-- True where a verdict of laundering on the account became known from the cutoff until the horizon's end.
-- "asked_rows" holds the accounts with their cutoff and the end of the window, which is exclusive.
SELECT r.row_number, count(f.subject_id) > 0 AS label, min(f.known_at) AS known_at
FROM asked_rows AS r
LEFT JOIN feedback AS f
  ON f.subject_id = r.subject_id
  AND f.subject_kind = 'account'
  AND f.label = 'laundering'
  AND f.verdict = 'confirmed'
  AND f.known_at >= r.cutoff
  AND f.known_at < r.label_end
GROUP BY r.row_number
ORDER BY r.row_number
