"""What the operating system can be asked to wake us with, one small module each behind one protocol."""
