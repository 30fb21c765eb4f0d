"""Here you find how a model is made and judged: labels, origins, candidates, contest, tracking."""
