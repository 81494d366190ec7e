/* For sources that look for Linux before they look for Windows: included before all others, with -include. */
#ifdef __cplusplus
#include <cstddef>
#endif
#include <windows.h>

#undef linux
#undef __linux
#undef __linux__
#undef unix
#undef __unix
#undef __unix__
