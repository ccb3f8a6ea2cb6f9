"""Writing. `base` says what a destination promises; one module or package per database keeps it."""
