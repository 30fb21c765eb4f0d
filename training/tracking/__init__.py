"""What a training leaves in MLflow: runs, the model, its card and its verdict."""
