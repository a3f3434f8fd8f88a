SELECT
    contact AS contact_id,
    customer AS customer_id,
    campaign AS campaign_id,
    offer AS offer_id,
    channel,
    arm,
    propensity,
    cost AS cost_minor,
    response,
    responded_at,
    revenue AS revenue_minor,
    contacted_at AS event_time,
    contact AS seq
FROM contacts
