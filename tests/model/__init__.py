"""The model test: a random life of an office, and what must hold when everything has recovered."""
