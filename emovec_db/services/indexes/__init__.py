"""Where similarity is searched: one protocol, and what fulfils it."""
