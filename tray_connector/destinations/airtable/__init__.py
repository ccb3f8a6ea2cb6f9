"""Airtable as a destination, through pyairtable."""
