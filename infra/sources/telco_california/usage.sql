-- The monthly mean stands for the month, for want of the month itself.
SELECT "Customer ID" AS customer_id, '2018-09' AS month, 1024 * "Avg Monthly GB Download" AS data_mb
FROM 'Telco_customer_churn_services.parquet'
