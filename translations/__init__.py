"""The words of the application in every language it speaks; `python -m translations` brings them up to date."""
