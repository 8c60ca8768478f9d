"""One file per channel: pure rendering of a `Report`, and the writing of files. What is posted goes by the forge."""
