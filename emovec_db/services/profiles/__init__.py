"""Customers: one, two side by side, and all of them."""
