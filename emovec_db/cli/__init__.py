"""The emovec command."""
