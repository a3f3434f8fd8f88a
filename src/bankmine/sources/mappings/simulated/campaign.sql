SELECT
    campaign AS campaign_id,
    goal,
    starts_on,
    ends_on,
    budget AS budget_minor,
    TRY_CAST(starts_on AS DATE) - 1 AS known_at
FROM campaigns
