SELECT
    customer AS customer_id,
    CASE kind WHEN 'P' THEN 'person' WHEN 'C' THEN 'company' ELSE kind END AS kind,
    birth_year,
    CASE upper(blank(gender)) WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE gender END AS gender,
    region AS region_id,
    branch AS branch_id,
    manager AS manager_id,
    occupation,
    income_band,
    lower(blank(education)) AS education,
    lower(blank(marital)) AS marital,
    employer AS employer_id,
    since,
    closed_on,
    risk_class,
    valid_from,
    recorded_at AS known_at
FROM customers
