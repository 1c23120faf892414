"""What `conncore bench` measures: one subject in each module."""
