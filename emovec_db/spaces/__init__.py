"""Frozen, versioned maps from (embedding, scores) to unit vectors."""
