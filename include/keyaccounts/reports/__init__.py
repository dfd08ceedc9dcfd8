"""What people read on a terminal: status, explanation, the last lines of the demo."""
