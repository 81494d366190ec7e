/* minwinbase.h - a part of windows.h, which has it all. */
#include "windows.h"
