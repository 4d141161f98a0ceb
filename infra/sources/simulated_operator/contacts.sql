SELECT
    msisdn AS customer_id,
    period AS month,
    at_hall AS hall_contacts,
    at_10086 AS hotline_contacts,
    by_sms AS sms_contacts,
    on_web AS web_contacts,
    in_app AS app_contacts,
    about_bill AS bill_queries,
    about_tariff AS plan_consultations,
    orders AS business_transactions,
    complaints,
    about_porting AS portability_queries
FROM read_parquet('enquiries_*.parquet')
