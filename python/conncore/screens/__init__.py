"""Simulations compared: with null models, and with cells silenced or activated in turn."""
