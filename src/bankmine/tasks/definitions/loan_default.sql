-- True where the loan was 90 or more days past due, or written off, at any time from the cutoff until the
-- horizon's end.
-- "asked_rows" holds the loans with their cutoff and the end of the window, which is exclusive.
SELECT r.row_number, count(e.loan_id) > 0 AS label
FROM asked_rows AS r
LEFT JOIN loan_event AS e
  ON e.loan_id = r.subject_id
  AND e.event_time >= r.cutoff
  AND e.event_time < r.label_end
  AND (e.days_past_due >= 90 OR e.kind = 'written_off')
GROUP BY r.row_number
ORDER BY r.row_number
