-- True where the survey was answered in the lowest two fifths of its scale.
-- "asked_rows" holds the surveys.
SELECT r.row_number, (i.rating - i.scale_min) / (i.scale_max - i.scale_min) <= 0.25 AS label
FROM asked_rows AS r
INNER JOIN interaction AS i ON i.interaction_id = r.subject_id
ORDER BY r.row_number
