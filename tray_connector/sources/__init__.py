"""Reading the services. `base` says what a source promises; one package per service keeps it."""
