"""Moves the clock of a Python program ahead by CLOCK_AHEAD seconds.

Python imports this module by itself if its folder is in PYTHONPATH, so that the program
under test stays as it is.
"""

import os
from datetime import datetime, timedelta, timezone

import time_machine

ahead = timedelta(seconds=int(os.environ["CLOCK_AHEAD"]))
time_machine.travel(datetime.now(timezone.utc) + ahead, tick=True).start()
