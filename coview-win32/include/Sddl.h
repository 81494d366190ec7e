/* Sddl.h - another spelling of sddl.h; file names on Windows do not tell upper from lower case. */
#include "windows.h"
