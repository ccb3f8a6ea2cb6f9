"""A small office on loopback: servers that speak the services' protocols, for the demo, the tests and contributors."""
