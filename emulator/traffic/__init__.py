"""Recorded traffic, judged without an emulator in the loop: readers, judge, comparison, proxy."""
