"""What clients asked, what they were told, and why: a ring of exchanges, read lazily."""
