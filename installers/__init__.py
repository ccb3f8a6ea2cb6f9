"""Makes the installers: `python3 bootstrap.py package linux|windows|macos`. No part of the program itself."""
