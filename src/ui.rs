//! The only writer to the terminal: colour, width, quiet. Everything from outside is escaped before it is printed.
