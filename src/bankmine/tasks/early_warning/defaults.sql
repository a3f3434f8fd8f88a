-- Every day on which a credit of a customer was seen 90 or more days past due.
SELECT customer_id, loan_id, event_time, days_past_due
FROM loan_event
WHERE days_past_due >= 90
ORDER BY customer_id, event_time, seq
