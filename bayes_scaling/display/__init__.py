"""How numbers, tables and progress are shown: in notebooks, in a terminal and in words."""
