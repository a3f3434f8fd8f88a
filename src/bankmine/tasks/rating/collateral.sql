-- Collateral of each loan as valued and known at the cutoff.
SELECT loan_id, kind, value_minor, coalesce(lien_rank, 1) AS lien_rank
FROM collateral
ORDER BY loan_id, kind, value_minor, lien_rank
