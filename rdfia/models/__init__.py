"""The networks of the study, each a configuration class whose `build` gives the module."""
