-- Channels payments are made by, other than online.
SELECT DISTINCT channel
FROM transaction
WHERE channel IS NOT NULL AND channel <> $remote AND direction = 'out'
ORDER BY channel
