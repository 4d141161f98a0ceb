-- Everybody was on the books at some time of the quarter; `Customer Status` (Churned, Stayed, Joined) is the answer, so
-- all are active here. Left out as well: `Under 30` and `Senior Citizen` (the age again), `Count`, `Country` and
-- `Quarter` (the same for all), coordinates (the ZIP code again).
SELECT
    services."Customer ID" AS customer_id,
    '2018-09' AS month,
    -- Tenure counts whole months up to the end of the quarter, the month of joining included.
    CAST(DATE '2018-10-01' - to_months(CAST(services."Tenure in Months" AS INTEGER)) AS DATE) AS activated_on,
    'active' AS status,
    2018 - demographics."Age" AS birth_year,
    location."State" AS province,
    location."City" AS prefecture,
    location."Zip Code" AS area
FROM 'Telco_customer_churn_services.parquet' AS services
LEFT JOIN 'Telco_customer_churn_demographics.parquet' AS demographics USING ("Customer ID")
LEFT JOIN 'Telco_customer_churn_location.parquet' AS location USING ("Customer ID")
