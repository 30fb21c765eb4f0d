"""The standing of customers: accounts, group shares, key accounts, ladder, population and last contact."""
