-- Verdicts on false applications as known at the cutoff: how long each took (µs from the application until the bank
-- knew), and how long ago its application was made. $cutoff is the cutoff in µs.
SELECT epoch_us(f.known_at) - epoch_us(a.event_time) AS took, $cutoff - epoch_us(a.event_time) AS age
FROM feedback AS f
JOIN credit_application AS a ON a.application_id = f.subject_id
WHERE f.subject_kind = 'application' AND f.label = 'fraud' AND f.verdict = 'confirmed' AND f.known_at >= a.event_time
ORDER BY took, age
