"""The HTTP API: a Flask app over the services."""
