"""What is learned from: scope, horizon, folds, labels, assignments and the training set."""
