rem For Windows XP with Service Pack 2 and Windows Server 2003 with Service Pack 1. Run it as administrator.
rem This firewall filters only what comes in, knows no source ports and no ranges: a range is a loop,
rem and a large one takes its time. One entry a port, so an entry of your own for the same port is replaced.
setlocal DisableDelayedExpansion
set failed=
rem ----
if defined failed echo Some openings were not made, see above.
if defined failed exit /b 1
