"""Tables that list recordings and tell what is known of them."""
