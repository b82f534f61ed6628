"""The course policy, GAIA first: rules as data, a deterministic decision, enforcement."""
