-- The accident: orders in dollars were added to orders in francs one to one for a week, because the
-- rate table had no row for the new shop's currency. An amount without a rate is null in the marts,
-- and this says so: add the currency to the seed exchange_rates.
select * from {{ ref('int_core__unconverted_amounts') }}
