"""Driving the robot by hand in a browser, at the pace of real time, and keeping what was driven."""
