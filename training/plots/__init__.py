"""Pictures of a training, of an evaluation and of one customer."""
