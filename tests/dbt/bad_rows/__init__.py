"""The smallest bad input of every check, and the walk that sees each check red by it."""
