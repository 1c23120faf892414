"""Connectomes shipped with conncore; see README.md here and `conncore.catalog.shipped`."""
