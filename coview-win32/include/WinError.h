/* WinError.h - another spelling of winerror.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
