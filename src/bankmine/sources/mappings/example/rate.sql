SELECT currency, as_day(day, '%Y-%m-%d') AS day, rate
FROM rates
