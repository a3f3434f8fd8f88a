SELECT
    event_no AS bureau_event_id,
    report AS report_id,
    customer AS customer_id,
    institution AS institution_id,
    institution_kind,
    facility AS facility_id,
    kind,
    reason,
    amount AS amount_minor,
    TRY_CAST(happened_on AS TIMESTAMP) AS event_time,
    drawn_at AS known_at,
    event_no AS seq
FROM bureau_events
