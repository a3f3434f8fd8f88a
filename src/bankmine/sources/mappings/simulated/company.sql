SELECT
    customer AS customer_id,
    industry,
    legal_form,
    employees,
    turnover AS turnover_minor,
    registered_on,
    parent AS parent_id,
    valid_from
FROM companies
