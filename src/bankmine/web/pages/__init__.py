"""One module a group of pages: its routes, each a short function from a visit to an answer."""
