"""What `doctor` looks at: each check is a function of a patient, and yields findings."""
