-- Which prospect became which customer: a form and a new customer that agree in every field of the form but
-- income (which moves), at least four of six filled in, the relation beginning within 90 days of the form, and
-- each of the two agreeing with no other. A pair holds from when both are known until another form or customer
-- that agrees with one of the two becomes known: what came later says nothing of an earlier cutoff.
WITH form AS (
    SELECT *, CAST(timezone($zone, valid_from) AS DATE) AS left_on
    FROM prospect_versions
    WHERE known_at <= make_timestamptz($known)
    QUALIFY row_number() OVER (PARTITION BY prospect_id ORDER BY valid_from, known_at DESC, load_number DESC) = 1
),
newcomer AS (
    SELECT *
    FROM customer_versions
    WHERE known_at <= make_timestamptz($known) AND kind = 'person' AND since IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY valid_from, known_at DESC, load_number DESC) = 1
),
pair AS (
    SELECT f.prospect_id, n.customer_id, n.since, greatest(f.known_at, n.known_at) AS known_at
    FROM form f JOIN newcomer n ON n.birth_year = f.birth_year
    WHERE n.since BETWEEN f.left_on AND f.left_on + 90
        AND coalesce(n.gender = f.gender, true) AND coalesce(n.region_id = f.region_id, true)
        AND coalesce(n.occupation = f.occupation, true)
        AND coalesce(n.education = f.education, true) AND coalesce(n.marital = f.marital, true)
        AND (f.gender IS NOT NULL)::INT + (f.region_id IS NOT NULL)::INT + (f.occupation IS NOT NULL)::INT
            + (f.education IS NOT NULL)::INT + (f.marital IS NOT NULL)::INT >= 3
),
rivals AS (
    SELECT
        *,
        least(
            min(known_at) OVER (
                PARTITION BY prospect_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW
            ),
            min(known_at) OVER (
                PARTITION BY customer_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW
            )
        ) AS known_until
    FROM pair
)
SELECT
    prospect_id,
    customer_id,
    epoch_us(timezone($zone, CAST(since AS TIMESTAMP))) AS joined_at,
    epoch_us(known_at) AS joined_known,
    epoch_us(known_until) AS joined_until
FROM rivals
WHERE known_until IS NULL OR known_at < known_until
ORDER BY prospect_id
