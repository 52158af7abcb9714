"""What joins the library to other software (集成); each module needs its own extra."""
