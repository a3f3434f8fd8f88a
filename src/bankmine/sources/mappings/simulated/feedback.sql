SELECT
    subject_kind,
    subject AS subject_id,
    customer AS customer_id,
    label,
    verdict,
    decided_at AS event_time,
    recorded_at AS known_at
FROM verdicts
