"""Vector engines that `benchmarks.peers` holds side by side: one file per kind, one process per engine."""
