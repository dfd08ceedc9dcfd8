{#
Columns of the source contract whose coverage is published. A manual value with an age limit
expires so many months after the day that it was stated on: a number, or the column of
candidate_config that holds it.
#}
{% macro coverage_rules() %}
    {{ return({
        'crm_accounts': {
            'columns': ['parent_account_id', 'tax_id', 'industry_code', 'region', 'channel',
                'owner_user_id', 'payment_terms_days', 'credit_limit_amount',
                'referred_by_account_id', 'created_at'],
            'manual': {'influence_score': ['influence_rated_on', 'influence_months'],
                'wallet_amount': ['wallet_as_of_date', 'wallet_months'],
                'own_growth_score': none, 'claimed_relationship_stage': none, 'exit_type': none},
        },
        'crm_users': {'columns': ['email', 'department', 'team', 'manager_user_id'], 'manual': {}},
        'crm_contacts': {
            'columns': ['role', 'sentiment', 'formal_level', 'actual_influence'],
            'manual': {'department': none, 'interpersonal_rating': ['interpersonal_rated_on', 6]},
        },
        'crm_activities': {'columns': ['contact_id', 'user_id', 'direction'], 'manual': {}},
        'crm_opportunities': {
            'columns': ['buying_stage', 'amount', 'outcome_reason', 'entered_at_stage',
                'outcome_category', 'need_qualified_on'], 'manual': {}},
        'crm_opportunity_stages': {'columns': [], 'manual': {}},
        'crm_relationship_evidence': {'columns': [], 'manual': {'evidence_type': none}},
        'crm_service_cases': {
            'columns': ['severity', 'response_due_at', 'resolution_due_at', 'service_site',
                'product_id'], 'manual': {}},
        'crm_account_plans': {'columns': ['plan_amount'], 'manual': {}},
        'erp_products': {'columns': ['product_category', 'launch_date'], 'manual': {}},
        'erp_orders': {
            'columns': ['currency_code', 'opportunity_id', 'quote_date'], 'manual': {}},
        'erp_order_lines': {
            'columns': ['list_amount', 'promised_date', 'delivered_date'], 'manual': {}},
        'erp_invoices': {'columns': ['order_id', 'due_date', 'disputed_amount'], 'manual': {}},
        'erp_invoice_lines': {
            'columns': ['product_id', 'quantity', 'list_amount', 'cogs_amount'], 'manual': {}},
        'erp_payments': {'columns': ['payer_account_id', 'method'], 'manual': {}},
        'erp_payment_applications': {'columns': ['source_document_id'], 'manual': {}},
        'erp_exchange_rates': {'columns': [], 'manual': {}},
        'erp_gl_balances': {'columns': [], 'manual': {}},
    }) }}
{% endmacro %}
