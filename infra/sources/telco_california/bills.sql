-- Only the current monthly charge is of the month; sums since joining are custom indicators.
SELECT "Customer ID" AS customer_id, '2018-09' AS month, "Monthly Charge" AS amount
FROM 'Telco_customer_churn_services.parquet'
