SELECT
    event_no AS digital_event_id,
    customer AS customer_id,
    prospect AS prospect_id,
    channel,
    event,
    page,
    product AS product_code,
    session AS session_id,
    device AS device_id,
    ip_country,
    duration_ms,
    happened_at AS event_time,
    event_no AS seq
FROM digital
