/* WinDef.h - another spelling of windef.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
