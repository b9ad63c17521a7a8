"""Files to 16 kHz mono sound, with limits, quality and warnings. The only package that decodes."""
