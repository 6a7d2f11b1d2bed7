"""The 32 phantom studies that come with the repository: how they are made, and how they are read."""
