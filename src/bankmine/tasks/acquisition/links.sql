-- Customers who belong together in private life, as known at the cutoff.
SELECT from_id, to_id
FROM party_link
WHERE kind IN ('household', 'address', 'phone', 'device', 'guarantor', 'owner')
ORDER BY from_id, to_id
