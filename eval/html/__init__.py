"""The report as one HTML file: for instructors, with plots and the pages that answers cite."""
