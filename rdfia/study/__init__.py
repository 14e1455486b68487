"""The study as declared: chapters and their runs, what each run is from, its declaration, and the pipeline of all."""
