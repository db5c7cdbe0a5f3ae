"""The checks of a forecast, one per file; each returns a `CheckResult`."""
