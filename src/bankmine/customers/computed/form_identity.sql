-- The telephone number and address of the customer's record (encrypted) as known and valid at each row; "asked" as in
-- form_habits.sql.
SELECT a.asked_row, a.customer_id, i.phone, i.address
FROM asked AS a
JOIN customer_identity_versions AS i
  ON i.customer_id = a.customer_id
  AND i.known_at <= make_timestamptz(a.knowledge) AND i.valid_from <= make_timestamptz(a.cutoff)
QUALIFY row_number() OVER (
  PARTITION BY a.asked_row ORDER BY i.valid_from DESC, i.known_at DESC, i.load_number DESC
) = 1
ORDER BY a.asked_row
