select
    PARTNERID as account_id,
    COMPANYNAME || ' ' || LEGALFORM as account_name,
    coalesce(addresses.REGION, 'unknown') as region,
    case PARTNERROLE when '1' then 'direct' else 'dealer' end as channel,
    partners.CURRENCY as currency_code
from read_csv(getvariable('data') || '/bikes/BusinessPartners.csv', all_varchar = true) as partners
left join read_csv(getvariable('data') || '/bikes/Addresses.csv', all_varchar = true) as addresses
    using (ADDRESSID)
