"""Where things lie and what the user chose: paths, settings, credentials, and the clock."""
