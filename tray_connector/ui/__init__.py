"""The tray application: the only package that knows Qt."""
