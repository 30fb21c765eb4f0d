"""The contract as data: record types, their columns, currencies, quarantine reasons and Arrow schemas."""
