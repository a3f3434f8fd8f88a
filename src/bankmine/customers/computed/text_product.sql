-- Name and family of the product asked for, as known at each row; "asked" holds (asked_row, product_code, knowledge).
SELECT a.asked_row, p.name, p.family
FROM asked AS a
JOIN product_versions AS p
  ON p.product_code = a.product_code AND p.known_at <= make_timestamptz(a.knowledge)
QUALIFY row_number() OVER (PARTITION BY a.asked_row ORDER BY p.known_at DESC, p.load_number DESC) = 1
ORDER BY a.asked_row
