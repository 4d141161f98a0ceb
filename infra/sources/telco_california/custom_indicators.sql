-- Services, contract, payment, household and sums since joining, as numbers and categories.
--
-- Left out because they hold the answer (all in the status workbook), with the AUC each has by itself:
--   Satisfaction Score (0.95)      asked at the end of the quarter, after the decision: 1 or 2 left, 4 or 5 stayed
--   Churn Score (0.94)             another model's prediction, made by somebody who had the outcome
--   Churn Category, Churn Reason   asked of leavers only, so that being filled is the answer
--   Customer Status, Churn Label, Churn Value   the outcome itself (see outcomes.sql)
--   CLTV (0.58)                    a predicted value: how long customers stay is what it predicts from, with inputs and
--                                  date unknown, so that nobody can show that the outcome is not among them
WITH facts AS (
    SELECT services.*, demographics.* EXCLUDE ("Customer ID", "Count")
    FROM 'Telco_customer_churn_services.parquet' AS services
    LEFT JOIN 'Telco_customer_churn_demographics.parquet' AS demographics USING ("Customer ID")
),

numbers AS (
    UNPIVOT facts
    ON "Number of Dependents", "Number of Referrals", "Avg Monthly Long Distance Charges", "Total Charges",
        "Total Refunds", "Total Extra Data Charges", "Total Long Distance Charges", "Total Revenue"
    INTO NAME measure VALUE number
),

categories AS (
    UNPIVOT facts
    ON "Gender", "Married", "Dependents", "Referred a Friend", "Offer", "Phone Service", "Multiple Lines",
        "Internet Service", "Internet Type", "Online Security", "Online Backup", "Device Protection Plan",
        "Premium Tech Support", "Streaming TV", "Streaming Movies", "Streaming Music", "Unlimited Data",
        "Contract", "Paperless Billing", "Payment Method"
    INTO NAME measure VALUE category
)

SELECT "Customer ID" AS customer_id, '2018-09' AS month, lower(replace(measure, ' ', '_')) AS name, number, category
FROM (
    SELECT "Customer ID", measure, number, NULL AS category FROM numbers
    UNION ALL
    SELECT "Customer ID", measure, NULL AS number, category FROM categories
)
