-- Who the customer is at the cutoff.
SELECT customer_id, kind, employer_id, region_id, branch_id, manager_id, closed_on IS NOT NULL AS closed
FROM customer
