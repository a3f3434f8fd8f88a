SELECT
    offer AS offer_id,
    product AS product_code,
    channel,
    cost AS cost_minor,
    rule AS eligibility_rule,
    DATE '2022-12-31' AS known_at
FROM offers
