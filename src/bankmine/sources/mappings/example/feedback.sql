SELECT
    'transaction' AS subject_kind,
    payment_id AS subject_id,
    customer_id,
    'fraud' AS label,
    'confirmed' AS verdict,
    as_instant(booked_at, '%Y-%m-%d %H:%M:%S') AS event_time,
    as_instant(reported_at, '%Y-%m-%d %H:%M:%S') AS known_at
FROM fraud_reports
