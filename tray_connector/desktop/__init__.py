"""What the program needs of the desktop it runs on: one process per home, and the channel to it. No widgets."""
