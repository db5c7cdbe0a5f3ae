"""Sampling the posterior, the fit as a value, and the loss surface that every question asks."""
