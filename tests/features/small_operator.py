"""A small operator for tests of the whole feature table: four customers, six months, every table that tells of them."""

from __future__ import annotations

from features.contracts import contract_of
from features.custom_indicators import CustomName

PEOPLE = ("ann", "bob", "cyd", "dan")
CUSTOM = (CustomName("score"), CustomName("segment", "category"))

DRAWINGS = {
    "customers": """
        month    customer_id  activated_on  status      birth_year  contract_ends_on  brand   payment_type  plan_id
        2025-03  eve          2020-01-01    active      -           -                 GoTone  postpaid      red
        2025-03  fay          2020-01-01    closed      -           -                 GoTone  postpaid      red
        2025-04  ann          2024-06-15    active      1980        2025-07-10        GoTone  postpaid      red
        2025-04  eve          2020-01-01    active      -           -                 GoTone  postpaid      red
        2025-05  ann          2024-06-15    suspended   1980        2025-07-10        GoTone  postpaid      blue
        2025-05  eve          2020-01-01    ported_out  -           -                 GoTone  postpaid      red
        2025-06  ann          2024-06-15    suspended   1980        2025-07-10        GoTone  postpaid      blue
        2025-05  bob          2025-05-31    active      -           -                 Easy    prepaid       red
        2025-06  bob          2025-05-31    active      -           2024-02-29        Easy    prepaid       red
        2025-06  cyd          -             active      1999        -                 -       -             -
    """,
    "bills": """
        month    customer_id  amount    plan_fee  overage  roaming  discount  arrears  recharge_count
        2025-01  ann          90.10     58        12.35    0        0         0        -
        2025-02  ann          84.37     58        7.71     3.33     0.07      0        -
        2025-03  ann          71.93     58        0        0        1.19      0        -
        2025-04  ann          60.01     58        0        0        2         11.13    -
        2025-05  ann          58        58        0        0        0         58.58    -
        2025-06  ann          0         0         0        0        0         99.99    -
        2025-05  bob          19.99     -         -        0.01     0         0        3
        2025-06  bob          33.33     -         -        11.11    0         0        7
        2025-04  cyd          -1.5      0         0        0        0         0        0
        2025-06  cyd          1.1       0.3       0        0        0         0        0
    """,
    "usage": """
        month    customer_id  voice_out_minutes  voice_in_minutes  on_net_minutes  sms_count  data_mb
        2025-01  ann          310.7              200.1             123.4           40         1024.5
        2025-02  ann          290.3              180.9             117.7           31         900.25
        2025-03  ann          211.1              170.3             91.3            13         700.125
        2025-04  ann          97.9               150.7             33.1            7          0.1
        2025-05  ann          51.3               90.9              0.7             1          0.3
        2025-06  ann          3.7                20.3              0               0          0
        2025-05  bob          10.1               0                 10.1            -          1
        2025-06  bob          0.1                0.2               0.1             -          3
        2025-06  cyd          0                  0                 0               0          -
    """,
    "plan_periods": """
        month    customer_id  plan_id  started_on  ended_on
        2025-01  ann          red      2024-01-15  -
        2025-02  ann          red      2024-01-15  -
        2025-03  ann          red      2024-01-15  -
        2025-04  ann          red      2024-01-15  -
        2025-05  ann          red      2024-01-15  2025-05-09
        2025-05  ann          blue     2025-05-10  -
        2025-06  ann          blue     2025-05-10  -
        2025-06  bob          red      2023-06-01  -
        2025-06  bob          green    2023-06-01  -
    """,
    "service_events": """
        month    customer_id  kind              started_on  ended_on    seconds
        2025-01  bob          network_fault     2025-01-31  2025-01-31  -
        2025-02  bob          handset_change    2025-02-28  2025-02-28  -
        2025-03  ann          reactivation      2025-03-01  2025-03-01  -
        2025-03  bob          voluntary_suspension 2025-03-05 2025-03-09 -
        2025-03  ann          plan_change       2025-03-01  2025-03-01  -
        2025-04  ann          suspension        2025-04-20  -           -
        2025-05  ann          suspension        2025-04-20  2025-05-02  -
        2025-05  ann          severe_complaint  2025-05-07  2025-05-07  -
        2025-06  ann          arrears_stop      2025-06-29  -           -
        2025-06  bob          competitor_call   2025-06-11  2025-06-11  83
    """,
    "contacts": """
        month    customer_id  hall_contacts  hotline_contacts  app_contacts  complaints  portability_queries
        2025-01  ann          1              0                 0             0           0
        2025-03  ann          0              3                 0             1           0
        2025-04  bob          -              2                 7             0           0
        2025-05  ann          0              1                 1             1           0
        2025-06  ann          2              5                 0             2           1
    """,
    "responses": """
        month    customer_id  campaign  contacted_on  channel  outcome    accepted
        2025-01  ann          winter    2025-01-03    hotline  busy       -
        2025-02  ann          winter    2025-02-03    hotline  busy       -
        2025-03  bob          winter    2025-03-03    hotline  busy       -
        2025-04  ann          spring    2025-04-03    hotline  no_answer  -
        2025-04  ann          spring    2025-04-07    hotline  reached    true
        2025-05  cyd          spring    2025-05-03    sms      reached    false
        2025-06  bob          summer    2025-06-07    sms      reached    false
    """,
    "satisfaction": """
        month    customer_id  surveyed_on  topic    score
        2025-02  ann          2025-02-11   overall  3
        2025-05  ann          2025-05-11   overall  7
        2025-05  ann          2025-05-11   network  4
        2025-06  bob          2025-06-11   tariff   10
        2025-06  cyd          2025-06-11   service  0
    """,
    "contracts": """
        month    customer_id  kind     started_on  ends_on     penalty  expected_spend
        2025-04  ann          bundle   2024-01-01  2025-04-20  0        50
        2025-06  ann          plan     2025-01-01  2026-01-31  120.10   30.1
        2025-06  ann          handset  2025-05-01  2025-12-31  40.07    -
        2025-05  bob          plan     2024-06-01  2025-05-31  10       18.88
    """,
    "plans": """
        month    plan_id  brand   fee    included_minutes  included_mb  included_sms  minute_price  mb_price  on_sale
        2025-06  red      GoTone  58.01  100               500          10            0.25          0.29      true
        2025-06  blue     GoTone  88.88  300               1000         20            0.19          0.1       false
        2025-06  green    GoTone  18.5   0                 30           0             0.33          0.03      true
    """,
    "devices": """
        month    customer_id  imei_hash  brand  price_band  used_since
        2025-01  ann          h1         Nova   high        2023-05-05
        2025-03  ann          h1         Nova   high        2023-05-05
        2025-05  ann          h2         Old    low         2025-04-05
        2025-06  ann          h3         Nova   middle      2025-06-05
        2025-06  bob          h9         -      flagship    2022-06-05
    """,
    "calling_circle": """
        month    customer_id  contact_id  network       minutes  calls
        2025-03  ann          eve         own           30.305   3
        2025-03  ann          fay         own           7.7      3
        2025-03  ann          z1          competitor_1  12.1     3
        2025-06  ann          bob         own           1.1      3
        2025-06  ann          z1          competitor_1  20.2     9
        2025-06  ann          z2          competitor_2  0.33     1
        2025-06  bob          z3          other         0        1
    """,
    "accounts": """
        month    account_id  account_class  phones  members
        2025-06  mill        B              130     41
    """,
    "account_members": """
        month    customer_id  account_id  role         in_closed_user_group  member_since
        2025-03  ann          mill        member       true                  2024-07-01
        2025-03  eve          mill        key_contact  true                  2021-07-01
        2025-03  fay          mill        member       false                 2021-07-01
        2025-06  ann          mill        member       true                  2024-07-01
    """,
    "products_held": """
        month    customer_id  product    family       started_on  ended_on    fee
        2025-04  ann          newspaper  value_added  2024-01-01  -           3
        2025-05  ann          newspaper  value_added  2024-01-01  2025-05-30  3
        2025-06  ann          fibre      broadband    2025-06-02  -           59.9
        2025-06  ann          mailbox    value_added  2025-01-02  -           5.05
    """,
    "households": """
        month    customer_id  household_id  role    numbers  persons
        2025-03  ann          home          head    4        3
        2025-06  ann          home          head    2        3
        2025-06  bob          flat          member  1        -
    """,
    "customer_profile": """
        month    customer_id  document_hash  numbers_held  influence               gender  ethnicity  anniversary
        2025-06  ann          d1             2             enterprise_key_contact  female  Yi         10-01
        2025-06  bob          d2             1             none                    -       -          -
    """,
    "dealers": """
        month    dealer  kind       commission
        2025-06  5       franchise  25.5
        2025-06  8       street     41.25
    """,
    "custom_indicators": """
        month    customer_id  name     number  category
        2025-04  ann          score    0.1     -
        2025-05  ann          score    0.7     -
        2025-06  ann          score    1.3     -
        2025-06  ann          segment  -       loyal
        2025-06  bob          segment  -       new
    """,
}


def _widened(table: str) -> str:
    """The drawing with the contract's undrawn columns made up, so that every indicator is known of somebody."""
    header, *rows = [line.split() for line in DRAWINGS[table].strip().splitlines()]
    undrawn = [name for name in contract_of(table).columns() if name not in header]
    made = [[str((7 * row + 3 * place) % 11) for place in range(len(undrawn))] for row in range(len(rows))]
    return "\n".join(
        [" ".join(header + undrawn), *(" ".join(row + more) for row, more in zip(rows, made, strict=True))]
    )


DRAWINGS |= {table: _widened(table) for table in ("customers", "bills", "usage", "contacts")}
