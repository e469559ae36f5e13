"""From a log to the files that are served: train, calibrate, measure, export, and say where it all comes from."""
