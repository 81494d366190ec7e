/* ShellAPI.h - another spelling of shellapi.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
