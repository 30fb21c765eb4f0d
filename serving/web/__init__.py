"""The pages a manager reads."""
