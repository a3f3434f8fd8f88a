-- What secures each credit, as known at the cutoff.
SELECT loan_id, sum(value_minor) AS secured, bool_or(kind = 'home') AS home
FROM collateral
GROUP BY loan_id
