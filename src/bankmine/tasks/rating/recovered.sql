-- What came back of loans written off, each payment with its time.
SELECT loan_id, event_time AS at, amount_minor
FROM loan_event
WHERE kind = 'recovered'
ORDER BY loan_id, event_time, seq
