"""How a model is made and judged: labels, origins, candidates, contest, tracking."""
