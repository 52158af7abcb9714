"""Letters and complaints (信访件), an app of the host."""
