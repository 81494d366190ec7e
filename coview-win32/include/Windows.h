/* Windows.h - another spelling of windows.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
