SELECT branch AS branch_id, name, region AS region_id, DATE '2022-12-31' AS known_at
FROM branches
