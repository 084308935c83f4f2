"""What the hard knocks on commands are made of."""
