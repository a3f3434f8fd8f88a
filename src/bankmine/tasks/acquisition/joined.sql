-- Which prospect became which customer, and from when to when that was what the bank knew: a form and a new
-- customer that agree in every field of the form but income (which moves), at least four of six filled in, the
-- relation beginning within 90 days of the form, and each of the two agreeing with no other. Both are read in
-- their first version as corrected by then: a pair holds from when both versions are known until either is
-- corrected, and not while another form or customer agrees with one of the two. What came later says nothing
-- of an earlier cutoff. One row a stretch of time in which nothing of this changes.
WITH form_change AS (
    SELECT *, min(valid_from) OVER (PARTITION BY prospect_id ORDER BY known_at) AS first_from
    FROM prospect_versions
    WHERE known_at <= make_timestamptz($known)
),
form_state AS (
    SELECT *
    FROM form_change
    WHERE valid_from = first_from
    QUALIFY row_number() OVER (PARTITION BY prospect_id, known_at ORDER BY load_number DESC) = 1
),
form AS (
    SELECT
        *,
        CAST(timezone($zone, valid_from) AS DATE) AS left_on,
        coalesce(
            lead(known_at) OVER (PARTITION BY prospect_id ORDER BY known_at), TIMESTAMPTZ 'infinity'
        ) AS known_until
    FROM form_state
),
customer_change AS (
    SELECT
        *,
        min(valid_from) FILTER (WHERE kind = 'person' AND since IS NOT NULL)
            OVER (PARTITION BY customer_id ORDER BY known_at) AS first_from
    FROM customer_versions
    WHERE known_at <= make_timestamptz($known)
),
customer_state AS (
    SELECT *
    FROM customer_change
    WHERE valid_from = first_from
    QUALIFY row_number() OVER (PARTITION BY customer_id, known_at ORDER BY load_number DESC) = 1
),
newcomer AS (
    SELECT
        *,
        coalesce(
            lead(known_at) OVER (PARTITION BY customer_id ORDER BY known_at), TIMESTAMPTZ 'infinity'
        ) AS known_until
    FROM customer_state
),
pair AS MATERIALIZED (
    SELECT
        f.prospect_id,
        n.customer_id,
        n.since,
        greatest(f.known_at, n.known_at) AS known_at,
        least(f.known_until, n.known_until) AS known_until
    FROM form f JOIN newcomer n ON n.birth_year = f.birth_year
    WHERE n.kind = 'person' AND n.since BETWEEN f.left_on AND f.left_on + 90
        AND f.known_at < n.known_until AND n.known_at < f.known_until
        AND coalesce(n.gender = f.gender, true) AND coalesce(n.region_id = f.region_id, true)
        AND coalesce(n.occupation = f.occupation, true)
        AND coalesce(n.education = f.education, true) AND coalesce(n.marital = f.marital, true)
        AND (f.gender IS NOT NULL)::INT + (f.region_id IS NOT NULL)::INT + (f.occupation IS NOT NULL)::INT
            + (f.education IS NOT NULL)::INT + (f.marital IS NOT NULL)::INT >= 3
),
rival AS (
    SELECT
        p.prospect_id, p.customer_id, p.known_at AS pair_at, p.known_until AS pair_until, r.known_at, r.known_until
    FROM pair p JOIN pair r ON r.prospect_id = p.prospect_id AND r.customer_id <> p.customer_id
    UNION ALL
    SELECT p.prospect_id, p.customer_id, p.known_at, p.known_until, r.known_at, r.known_until
    FROM pair p JOIN pair r ON r.customer_id = p.customer_id AND r.prospect_id <> p.prospect_id
),
change AS (
    SELECT prospect_id, customer_id, known_at AS pair_at, known_at AS at FROM pair
    UNION
    SELECT prospect_id, customer_id, pair_at, known_at
    FROM rival
    WHERE known_at > pair_at AND known_at < pair_until
    UNION
    SELECT prospect_id, customer_id, pair_at, known_until
    FROM rival
    WHERE known_until > pair_at AND known_until < pair_until
),
stretch AS (
    SELECT
        p.*,
        c.at,
        coalesce(
            lead(c.at) OVER (PARTITION BY p.prospect_id, p.customer_id, p.known_at ORDER BY c.at), p.known_until
        ) AS until
    FROM pair p JOIN change c
        ON c.prospect_id = p.prospect_id AND c.customer_id = p.customer_id AND c.pair_at = p.known_at
)
SELECT
    s.prospect_id,
    s.customer_id,
    epoch_us(timezone($zone, CAST(s.since AS TIMESTAMP))) AS joined_at,
    epoch_us(s.at) AS joined_known,
    CASE WHEN isfinite(s.until) THEN epoch_us(s.until) END AS joined_until
FROM stretch s ANTI JOIN rival r
    ON r.prospect_id = s.prospect_id AND r.customer_id = s.customer_id
        AND r.known_at <= s.at AND s.at < r.known_until
ORDER BY s.prospect_id, joined_known
