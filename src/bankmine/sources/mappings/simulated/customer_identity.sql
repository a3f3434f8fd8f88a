SELECT
    customer AS customer_id,
    concat_ws(' ', blank(name), blank(name_chinese)) AS name,
    national_id,
    phone,
    email,
    address,
    valid_from,
    recorded_at AS known_at
FROM identities
