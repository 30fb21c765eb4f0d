"""How a list leaves the house: sheets now."""
