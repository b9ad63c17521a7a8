"""Cleaning: treatments of a decoded waveform before it is cut and encoded."""
