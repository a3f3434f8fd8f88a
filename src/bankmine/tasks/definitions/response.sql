-- True where the contact was answered with yes until the horizon's end.
-- "asked_rows" holds the contacts with the end of the window, which is exclusive.
SELECT r.row_number, coalesce(c.response = 'accepted' AND c.responded_at < r.label_end, FALSE) AS label
FROM asked_rows AS r
LEFT JOIN contact AS c ON c.contact_id = r.subject_id
ORDER BY r.row_number
