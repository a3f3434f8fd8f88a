SELECT
    customer AS customer_id,
    purpose,
    channel,
    given_at,
    withdrawn_at,
    expires_at,
    given_at AS valid_from
FROM consents
