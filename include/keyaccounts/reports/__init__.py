"""What people read on a terminal: status, explanation, the demo's ten lines."""
