-- The operator's other measures under their own names, each in the month that its last character says (6 is June).
-- Volume-based cost carries its month in front (`jun_vbc_3g`) and is renamed to the same pattern; `sep_vbc_3g` is
-- of month 9 like every `_9` column. Left out: what bills and usage hold already, `last_date_of_month` (the
-- calendar), and five measures that are zero for everybody (`*_t2o_*`, `std_og_t2c_mou`).
WITH wide AS (
    SELECT
        *,
        jun_vbc_3g AS vbc_3g_6,
        jul_vbc_3g AS vbc_3g_7,
        aug_vbc_3g AS vbc_3g_8,
        sep_vbc_3g AS vbc_3g_9,
        CAST(DATE '2014-06-30' - try_strptime(date_of_last_rech_6, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_6,
        CAST(DATE '2014-07-31' - try_strptime(date_of_last_rech_7, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_7,
        CAST(DATE '2014-08-31' - try_strptime(date_of_last_rech_8, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_8,
        CAST(DATE '2014-09-30' - try_strptime(date_of_last_rech_9, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_9,
        CAST(DATE '2014-06-30' - try_strptime(date_of_last_rech_data_6, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_data_6,
        CAST(DATE '2014-07-31' - try_strptime(date_of_last_rech_data_7, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_data_7,
        CAST(DATE '2014-08-31' - try_strptime(date_of_last_rech_data_8, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_data_8,
        CAST(DATE '2014-09-30' - try_strptime(date_of_last_rech_data_9, '%m/%d/%Y')::DATE AS VARCHAR) AS days_since_rech_data_9
    FROM read_csv('telecom_churn_data_first1000.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')
)

SELECT
    mobile_number AS customer_id,
    '2014-0' || right(measure, 1) AS month,
    left(measure, length(measure) - 2) AS name,
    number
FROM wide
UNPIVOT (
    number FOR measure IN (
        COLUMNS('^(roam_ic|roam_og|loc_og_t2t|loc_og_t2m|loc_og_t2f|loc_og_t2c|loc_og|std_og_t2t|std_og_t2m|std_og_t2f)_mou_[6-9]$'),
        COLUMNS('^(spl_og|loc_ic_t2t|loc_ic_t2m|loc_ic_t2f|loc_ic|std_ic_t2t|std_ic_t2m|std_ic_t2f|std_ic|spl_ic|isd_ic)_mou_[6-9]$'),
        COLUMNS('^(og_others|ic_others|max_rech_amt|last_day_rch_amt|days_since_rech|days_since_rech_data)_[6-9]$'),
        COLUMNS('^(total_rech_data|max_rech_data|count_rech_2g|count_rech_3g|av_rech_amt_data)_[6-9]$'),
        COLUMNS('^(vol_2g_mb|vol_3g_mb|arpu_2g|arpu_3g|vbc_3g|night_pck_user|fb_user)_[6-9]$'),
        COLUMNS('^(monthly_2g|monthly_3g|sachet_2g|sachet_3g)_[6-9]$')
    )
)
