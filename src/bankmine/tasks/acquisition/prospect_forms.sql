-- The forms left by prospects, as known at the cutoff.
SELECT
    prospect_id,
    CAST($year - birth_year AS DOUBLE) AS age,
    occupation,
    income_band,
    education,
    source,
    consent,
    employer_id,
    valid_from AS left_at
FROM prospect
ORDER BY prospect_id
