-- By which channels each customer allows marketing at the cutoff; "any" stands for all.
SELECT DISTINCT customer_id, channel
FROM consent
WHERE purpose = 'marketing' AND given_at IS NOT NULL AND withdrawn_at IS NULL AND expires_at IS NULL
ORDER BY customer_id, channel
