-- Left during the quarter. The reasons serve only to say by whose will: under Other stand deaths, moves and
-- "don't know", so those stay unknown.
SELECT
    "Customer ID" AS customer_id,
    '2018-09' AS month,
    "Churn Value" AS churned,
    CASE WHEN "Churn Category" IN ('Attitude', 'Competitor', 'Dissatisfaction', 'Price') THEN 'voluntary' END AS kind
FROM 'Telco_customer_churn_status.parquet'
