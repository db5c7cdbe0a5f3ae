"""The fitted loss as a function of params and tokens, its minima and its roots."""
