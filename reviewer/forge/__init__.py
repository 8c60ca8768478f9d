"""Where changes come from and reviews go: git and GitHub."""
