-- The extract names no branches; it gives each account the district of its branch.
SELECT DISTINCT
    district_id AS branch_id,
    district_id AS region_id
FROM accounts
