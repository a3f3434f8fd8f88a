-- The family of each product, and its name for people.
SELECT product_code, family FROM product ORDER BY product_code
