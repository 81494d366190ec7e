/* The one function of bcryptprimitives.dll that Rust's standard library for Windows imports, for Wine versions that lack
 * the library. Random bytes come from advapi32, as they did before Windows 10. */
#include <stddef.h>

unsigned char __stdcall SystemFunction036(void *buffer, unsigned long len);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *data, size_t len) {
    return SystemFunction036(data, (unsigned long)len);
}
