SELECT
    interaction AS interaction_id,
    customer AS customer_id,
    thread AS thread_id,
    channel,
    kind,
    language,
    text,
    rating,
    scale_min,
    scale_max,
    lower(blank(topic)) AS topic,
    product AS product_code,
    branch AS branch_id,
    resolved_at,
    happened_at AS event_time,
    interaction AS seq
FROM interactions
