SELECT product AS product_code, name, family, risk_class, DATE '2022-12-31' AS known_at
FROM products
