SELECT
    region AS region_id,
    period_from,
    period_to,
    name,
    province,
    population,
    urban_share,
    wage AS average_wage_minor,
    unemployment,
    entrepreneurs AS entrepreneurs_per_1000,
    crimes,
    published_on AS known_at
FROM regions
