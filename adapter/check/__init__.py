"""``make check``: does everything work on this machine, and on its cards if it has some?"""
