// In C++ the interlocked operations choose by type, handles of two kinds differ, and names do not meet the library's.
#include <algorithm>
#include <string>
#include <windows.h>
#include <type_traits>

static_assert(!std::is_same<HWND, HINSTANCE>::value, "STRICT handles are types of their own");
static_assert(std::is_same<SIZE_T, std::size_t>::value, "a size_t * is a SIZE_T *");
static_assert(std::is_same<ULONG_PTR, std::uintptr_t>::value, "a uintptr_t * is a ULONG_PTR *");
static_assert(sizeof(*TEXT("x")) == sizeof(TCHAR), "TEXT has the characters of TCHAR");

struct __declspec(novtable) __declspec(dllexport) Widget {
    virtual ~Widget() {}
};

class Handle {
public:
    explicit Handle(HANDLE handle) : handle(handle) {}
    ~Handle() { if (handle != INVALID_HANDLE_VALUE) CloseHandle(handle); }
    Handle(const Handle &) = delete;
private:
    HANDLE handle;
};

int main()
{
    volatile unsigned int a = 1;
    volatile unsigned long b = 1;
    volatile long c = 1;
    volatile LONG d = 1;
    volatile DWORD e = 1;
    std::int64_t f = 1;
    volatile ULONGLONG g = 1;
    Widget widget;
    (void)widget;
    bool good = InterlockedIncrement(&a) == 2 && InterlockedIncrement(&b) == 2 && InterlockedExchange(&c, 2) == 1 &&
                InterlockedCompareExchange(&d, 2, 1) == 1 && InterlockedExchangeAdd(&e, 1) == 1 &&
                InterlockedIncrement64(&f) == 2 && InterlockedOr64(&g, 2) == 1 && std::max(1, 2) == 2;
    static_assert(std::is_same<decltype(InterlockedIncrement(&a)), unsigned int>::value, "an unsigned stays one");
    static_assert(std::is_same<decltype(InterlockedIncrement(&d)), LONG>::value, "a LONG stays one");
    return good ? 0 : 1;
}
