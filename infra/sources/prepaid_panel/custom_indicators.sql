-- The operator's other measures under their own names, each in the month that its last character says (6 is June).
-- Volume-based cost carries its month in front (`jun_vbc_3g`) and is renamed to the same pattern; `sep_vbc_3g`
-- is of month 9 like every `_9` column. Dates of last recharge become days up to the end of their month.
-- Left out: what bills and usage hold already, `last_date_of_month` (the calendar), and five measures that are
-- zero for everybody (`*_t2o_*`, `std_og_t2c_mou`). Empty stays unknown: no row.
WITH wide AS (
    SELECT
        *,
        jun_vbc_3g AS vbc_3g_6,
        jul_vbc_3g AS vbc_3g_7,
        aug_vbc_3g AS vbc_3g_8,
        sep_vbc_3g AS vbc_3g_9
    FROM read_csv(
        'telecom_churn_data_first1000.csv', header = true, all_varchar = true, delim = ',', quote = '"', escape = '"'
    )
),

long AS (
    SELECT
        mobile_number,
        CAST('2014-0' || right(measure, 1) || '-01' AS DATE) AS month,
        left(measure, length(measure) - 2) AS name,
        value
    FROM wide
    UNPIVOT (
        value FOR measure IN (
            COLUMNS('^(roam_ic|roam_og|loc_og|loc_og_t2t|loc_og_t2m|loc_og_t2f|loc_og_t2c)_mou_[6-9]$'),
            COLUMNS('^(std_og_t2t|std_og_t2m|std_og_t2f|spl_og)_mou_[6-9]$'),
            COLUMNS('^(loc_ic|loc_ic_t2t|loc_ic_t2m|loc_ic_t2f)_mou_[6-9]$'),
            COLUMNS('^(std_ic|std_ic_t2t|std_ic_t2m|std_ic_t2f|spl_ic|isd_ic)_mou_[6-9]$'),
            COLUMNS('^(og_others|ic_others|max_rech_amt|last_day_rch_amt)_[6-9]$'),
            COLUMNS('^(date_of_last_rech|date_of_last_rech_data|total_rech_data|max_rech_data)_[6-9]$'),
            COLUMNS('^(count_rech_2g|count_rech_3g|av_rech_amt_data|vol_2g_mb|vol_3g_mb|arpu_2g|arpu_3g)_[6-9]$'),
            COLUMNS('^(vbc_3g|night_pck_user|fb_user|monthly_2g|monthly_3g|sachet_2g|sachet_3g)_[6-9]$')
        )
    )
)

SELECT
    mobile_number AS customer_id,
    month,
    replace(name, 'date_of', 'days_since') AS name,
    CASE
        WHEN name LIKE 'date_of_%'
            THEN CAST(last_day(month) - CAST(try_strptime(value, '%m/%d/%Y') AS DATE) AS VARCHAR)
        ELSE value
    END AS number
FROM long
