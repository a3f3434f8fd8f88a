SELECT
    prospect AS prospect_id,
    source,
    birth_year,
    CASE upper(blank(gender)) WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE gender END AS gender,
    region AS region_id,
    occupation,
    income_band,
    education,
    marital,
    employer AS employer_id,
    consent,
    seen_at AS valid_from
FROM prospects
