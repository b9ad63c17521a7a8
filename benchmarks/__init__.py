"""Speed, memory and quality, measured by commands that anyone can repeat: see docs/benchmarks.md."""
