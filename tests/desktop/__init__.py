"""The product as a user meets it: the real program on a real screen (Xvfb) with a window manager, a tray, a
notification daemon and a keyring, worked from outside through the accessibility bus, as a screen reader does."""
