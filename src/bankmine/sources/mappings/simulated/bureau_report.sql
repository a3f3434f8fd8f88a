SELECT
    report AS report_id,
    customer AS customer_id,
    reason,
    consent AS consent_id,
    drawn_at AS event_time
FROM bureau_reports
