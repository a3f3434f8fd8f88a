-- Who has or had credit, where the bank keeps no table of customers.
SELECT DISTINCT
  customer_id, CAST(NULL AS VARCHAR) AS kind, CAST(NULL AS BIGINT) AS employer_id,
  CAST(NULL AS VARCHAR) AS region_id, CAST(NULL AS VARCHAR) AS branch_id, CAST(NULL AS VARCHAR) AS manager_id,
  FALSE AS closed
FROM loan_event
