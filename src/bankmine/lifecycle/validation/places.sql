-- Each region's name and the larger region it belongs to, as its newest period begun by then says.
SELECT
  region_id,
  arg_max(name, period_from) AS name,
  arg_max(province, period_from) AS province
FROM region
WHERE period_from < CAST(make_timestamptz($at) AS DATE)
GROUP BY region_id
