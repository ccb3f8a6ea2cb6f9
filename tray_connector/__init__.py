"""Keeps a small office's Teamwork tasks and Missive e-mails in step with its own database."""

__version__ = "0.1.0"
