/* WinUser.h - another spelling of winuser.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
