SELECT day, is_business_day, holiday, DATE '2022-12-31' AS known_at
FROM days
