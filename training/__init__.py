"""How a model is made and judged: labels, origins, candidates, contest, tracking."""

from features.moved import explain_moved_modules

explain_moved_modules()
