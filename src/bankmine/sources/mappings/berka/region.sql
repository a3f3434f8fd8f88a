-- Two rows a district: the figures of 1996, and those of 1995 (unemployment, crimes; "?" where not known).
SELECT
    A1 AS region_id,
    DATE '1996-01-01' AS period_from,
    DATE '1997-01-01' AS period_to,
    A2 AS name,
    A3 AS province,
    as_whole(A4) AS population,
    as_share(A10) AS urban_share,
    as_minor(A11) AS average_wage_minor,
    as_share(nullif(A13, '?')) AS unemployment,
    as_whole(A14) AS entrepreneurs_per_1000,
    as_whole(nullif(A16, '?')) AS crimes
FROM districts
UNION ALL
SELECT
    A1,
    DATE '1995-01-01',
    DATE '1996-01-01',
    A2,
    A3,
    NULL,
    NULL,
    NULL,
    as_share(nullif(A12, '?')),
    NULL,
    as_whole(nullif(A15, '?'))
FROM districts
