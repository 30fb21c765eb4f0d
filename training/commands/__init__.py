"""The commands of training: train, evaluate, checks, models and monitoring."""
