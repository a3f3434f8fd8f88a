SELECT
    event_no AS loan_event_id,
    loan AS loan_id,
    customer AS customer_id,
    kind,
    amount AS amount_minor,
    principal_after AS principal_after_minor,
    due_next_on,
    due_next AS due_next_minor,
    days_past_due,
    happened_at AS event_time,
    event_no AS seq
FROM loan_events
