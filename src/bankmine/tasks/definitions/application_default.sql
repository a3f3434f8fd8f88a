-- True where the credit went bad (90 days past due within twelve months of granting); null while that is open.
-- "asked_rows" holds the applications.
SELECT r.row_number, a.bad AS label, a.bad_known_at AS known_at
FROM asked_rows AS r
INNER JOIN credit_application AS a ON a.application_id = r.subject_id
ORDER BY r.row_number
