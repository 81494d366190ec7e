/* WinBase.h - another spelling of winbase.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
