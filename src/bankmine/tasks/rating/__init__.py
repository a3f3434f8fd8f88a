"""Rating: customers who owe are put into grades whose chances of default, losses and terms are stated."""
