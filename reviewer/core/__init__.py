"""The pure middle: it decides and returns values, and does no I/O."""
