"""The second engine: the same marts, row by row, and the ways to reach it."""
