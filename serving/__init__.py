"""What is decided and shown: scores, call lists, the API and the page."""
