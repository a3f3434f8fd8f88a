SELECT currency, TRY_CAST(day AS DATE) AS day, TRY_CAST(rate AS DECIMAL(12, 4)) AS rate
FROM fx
