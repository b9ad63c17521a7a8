"""Encoding what is stored anew, beside the generation that serves, and switching to it."""
