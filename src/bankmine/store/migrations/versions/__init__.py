"""One module for each migration, numbered; a published one is never changed."""
