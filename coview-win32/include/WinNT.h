/* WinNT.h - another spelling of winnt.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
