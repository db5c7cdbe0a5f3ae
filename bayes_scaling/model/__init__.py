"""The model that is fitted: law, priors, pooling, noise and what the law leaves out, on runs."""
