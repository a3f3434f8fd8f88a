-- Countries of payments made, the most frequent first: the first is taken for home.
SELECT country
FROM transaction
WHERE country IS NOT NULL AND direction = 'out'
GROUP BY country
ORDER BY count(*) DESC, country
