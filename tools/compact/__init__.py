"""Training, evaluation and export of the bundled `compact` encoder."""
