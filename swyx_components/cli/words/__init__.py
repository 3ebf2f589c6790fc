"""What may be typed behind `swyx`: a module a command, with its arguments, options and help.

What a command does stands one folder up, in a module that is loaded when the command is called.
"""
