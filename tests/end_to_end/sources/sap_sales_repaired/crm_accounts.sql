select PARTNERID as account_id, COMPANYNAME as account_name, CURRENCY as currency_code
from read_csv(getvariable('data') || '/sales/BusinessPartners.csv', all_varchar = true, delim = ';')
