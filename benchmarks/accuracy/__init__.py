"""How good the model is: against baselines, member by member, on small companies, and whether its intervals hold."""
