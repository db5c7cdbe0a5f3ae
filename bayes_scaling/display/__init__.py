"""Numbers, tables and progress as notebooks, terminals and sentences show them."""
