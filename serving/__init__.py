"""What is decided and shown: scores, call lists, the API and the page."""

from features.moved import explain_moved_modules

explain_moved_modules()
