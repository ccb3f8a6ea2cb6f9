"""What the engine costs, in figures: `python -m benchmarks` measures and prints one table."""
