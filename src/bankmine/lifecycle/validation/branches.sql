-- The region each branch lies in.
SELECT branch_id, region_id
FROM branch
WHERE region_id IS NOT NULL
