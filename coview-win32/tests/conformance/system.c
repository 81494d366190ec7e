/* What programs call beside sections and waits: time, messages, environment, files, heaps, strings, security. */
#include "check.h"

#include <stddef.h>

static ULONGLONG ticks_of(FILETIME time)
{
    return (ULONGLONG)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

static void times(void)
{
    LARGE_INTEGER before, after, frequency;
    FILETIME file_time, back;
    SYSTEMTIME system;
    ULONGLONG tick = GetTickCount64(), moment;
    DWORD short_tick = GetTickCount();
    CHECK("B", QueryPerformanceFrequency(&frequency) && frequency.QuadPart >= 1000000,
          "QueryPerformanceFrequency is a megahertz or more");
    QueryPerformanceCounter(&before);
    Sleep(30);
    QueryPerformanceCounter(&after);
    CHECK("B", after.QuadPart - before.QuadPart >= 29 * frequency.QuadPart / 1000,
          "QueryPerformanceCounter counts what Sleep sleeps");
    CHECK("B", GetTickCount64() - tick >= 14 && GetTickCount64() - tick < 20000, "GetTickCount64 counts milliseconds");
    CHECK("B", GetTickCount() - short_tick >= 14 && (DWORD)GetTickCount64() - GetTickCount() + 1000 < 2000,
          "GetTickCount is its low half");
    GetSystemTimeAsFileTime(&file_time);
    CHECK("B", ticks_of(file_time) > 132000000000000000ULL && ticks_of(file_time) < 200000000000000000ULL,
          "file times count 100 ns from 1601");
    GetSystemTime(&system);
    CHECK("B", SystemTimeToFileTime(&system, &back), "a system time has a file time");
    moment = ticks_of(back);
    CHECK("B", moment + 10000000 > ticks_of(file_time) && moment < ticks_of(file_time) + 600000000ULL,
          "the same as of now");
    CHECK("B", CompareFileTime(&file_time, &file_time) == 0, "CompareFileTime");
    file_time.dwHighDateTime = 0x01d00000;
    file_time.dwLowDateTime = 0;
    CHECK("B",
          FileTimeToSystemTime(&file_time, &system) && system.wYear == 2014 && system.wMonth == 11 && system.wDay == 14
              && system.wHour == 11 && system.wMinute == 41 && system.wSecond == 59 && system.wMilliseconds == 374
              && system.wDayOfWeek == 5,
          "FileTimeToSystemTime knows the calendar");
    CHECK("B", SystemTimeToFileTime(&system, &back) && ticks_of(back) / 10000 == ticks_of(file_time) / 10000,
          "and back again");
    system.wMonth = 13;
    CHECK_ERROR("B", !SystemTimeToFileTime(&system, &back), 87, "a thirteenth month fails with 87");
}

static void messages(void)
{
    char text[400] = "", *allocated = NULL;
    static const DWORD codes[] = {2,   3,   5,   6,   8,    87,   123,  161,  183, 193,
                                  206, 288, 298, 487, 1006, 1132, 1224, 1314, 1455};
    size_t at, found = 0;
    DWORD length =
        FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, 2, 0, text, sizeof text, NULL);
    CHECK("B", length > 5 && strlen(text) == length && strcmp(text + length - 2, "\r\n") == 0,
          "FormatMessage has a text that ends in CR LF");
    for (at = 0; at < sizeof codes / sizeof *codes; at++)
        found += FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, codes[at], 0, text,
                                sizeof text, NULL)
                 > 0;
    CHECK("B", found == sizeof codes / sizeof *codes, "for each error of these functions");
    CHECK_WINDOWS("B",
                  FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, 258, 0, text,
                                 sizeof text, NULL)
                      > 0,
                  "and for a timeout");
    length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_IGNORE_INSERTS,
                            NULL, 5, 0, (LPSTR)(void *)&allocated, 0, NULL);
    CHECK("B", length && allocated && strlen(allocated) == length && LocalFree(allocated) == NULL,
          "in a buffer of its own, if asked");
    CHECK_ERROR("B",
                !FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, 0x2bad0001, 0, text,
                                sizeof text, NULL),
                317, "an unknown code fails with 317");
    CHECK_ERROR("B",
                !FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, 2, 0, text, 3, NULL),
                122, "a buffer that is too small with 122");
}

static DWORD format(char *text, DWORD size, const char *pattern, ...)
{
    va_list arguments;
    DWORD length;
    va_start(arguments, pattern);
    length = FormatMessageA(FORMAT_MESSAGE_FROM_STRING, pattern, 0, 0, text, size, &arguments);
    va_end(arguments);
    return length;
}

static void patterns(void)
{
    char text[100];
    CHECK("B", format(text, sizeof text, "%2 before %1", "one", "two") == 14 && strcmp(text, "two before one") == 0,
          "FormatMessage takes inserts");
    CHECK("B", format(text, sizeof text, "%1!u! of %2!04x!%%", 7u, 0xabu) == 10 && strcmp(text, "7 of 00ab%") == 0,
          "with formats");
}

static void environment(void)
{
    char value[100] = "";
    WCHAR wide_value[100];
    CHECK("B",
          SetEnvironmentVariableA("COVIEW_TEST", "value")
              && GetEnvironmentVariableA("COVIEW_TEST", value, sizeof value) == 5 && strcmp(value, "value") == 0,
          "a variable is set and read");
    CHECK("B", GetEnvironmentVariableA("COVIEW_TEST", value, 3) == 6, "a short buffer is told the size, with the zero");
    CHECK("B", GetEnvironmentVariableW(W("COVIEW_TEST"), wide_value, 100) == 5 && lstrcmpW(wide_value, W("value")) == 0,
          "in wide characters too");
    CHECK("B",
          ExpandEnvironmentStringsA("<%COVIEW_TEST%> %COVIEW_NONE%", value, sizeof value) == 22
              && strcmp(value, "<value> %COVIEW_NONE%") == 0,
          "ExpandEnvironmentStrings replaces what is set");
    CHECK("B", SetEnvironmentVariableA("COVIEW_TEST", NULL), "NULL deletes it");
    CHECK_ERROR("B", GetEnvironmentVariableA("COVIEW_TEST", value, sizeof value) == 0, 203,
                "an unknown variable fails with 203");
}

static void command_lines(void)
{
    int count = 0;
    LPWSTR *arguments;
    char program[MAX_PATH + 1], small[4];
    CHECK("B", strstr(GetCommandLineA(), "system") != NULL, "GetCommandLine has the program");
    CHECK("B", lstrlenW(GetCommandLineW()) == (int)strlen(GetCommandLineA()), "in wide characters too");
    CHECK("B", GetModuleFileNameA(NULL, program, sizeof program) == strlen(program) && strstr(program, "system"),
          "GetModuleFileName has its path");
    CHECK("B", GetModuleFileNameA(NULL, small, sizeof small) == sizeof small && GetLastError() == 122,
          "a buffer too small is filled, with 122");
    CHECK("B", GetModuleHandleA(NULL) != NULL, "GetModuleHandle of the program");
    arguments =
        CommandLineToArgvW(W("\"a program\" one \"two words\" back\\slash \\\"quote\\\" \"end\\\\\" \"\""), &count);
    CHECK("B", arguments && count == 7, "CommandLineToArgvW takes a line apart");
    CHECK("B",
          arguments && count == 7 && lstrcmpW(arguments[0], W("a program")) == 0
              && lstrcmpW(arguments[2], W("two words")) == 0 && lstrcmpW(arguments[3], W("back\\slash")) == 0
              && lstrcmpW(arguments[4], W("\"quote\"")) == 0 && lstrcmpW(arguments[5], W("end\\")) == 0
              && lstrcmpW(arguments[6], W("")) == 0,
          "by Windows' rules");
    LocalFree(arguments);
}

static void bad_buffers(void)
{
    HANDLE file = file_of(temporary("buffers"), 0, GENERIC_READ | GENERIC_WRITE);
    char *base = (char *)VirtualAlloc(NULL, 8192, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD old, count = 7;
    VirtualProtect(base + 4096, 4096, PAGE_NOACCESS, &old);
    CHECK_ERROR("B", !WriteFile(file, base, 8192, &count, NULL), 1784,
                "a buffer that ends in no memory fails with 1784");
    CHECK("B", count == 0 && SetFilePointer(file, 0, NULL, FILE_CURRENT) == 0, "and counts as nothing written");
    CHECK_ERROR("B", !WriteFile(file, NULL, 1, &count, NULL), 1784, "so does none");
    CHECK("B", WriteFile(file, base, 4096, &count, NULL) && count == 4096, "what is memory is written");
    VirtualFree(base, 0, MEM_RELEASE);
    CloseHandle(file);
    DeleteFileA(temporary("buffers"));
}

static void files(void)
{
    const char *path = temporary("file"), *other = temporary("other");
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                              FILE_ATTRIBUTE_NORMAL, NULL),
           again;
    char text[32] = "";
    DWORD count = 0, high = 0;
    LARGE_INTEGER position, distance;
    CHECK("B", file != INVALID_HANDLE_VALUE && GetLastError() == 0, "CREATE_ALWAYS makes a file, last error 0");
    CHECK("B", WriteFile(file, "0123456789", 10, &count, NULL) && count == 10, "WriteFile writes");
    CHECK("B",
          SetFilePointer(file, 2, NULL, FILE_BEGIN) == 2 && SetFilePointer(file, 3, NULL, FILE_CURRENT) == 5
              && SetFilePointer(file, -4, NULL, FILE_END) == 6,
          "SetFilePointer moves from the beginning, from here, from the end");
    CHECK("B", ReadFile(file, text, sizeof text, &count, NULL) && count == 4 && memcmp(text, "6789", 4) == 0,
          "ReadFile reads to the end");
    CHECK("B", ReadFile(file, text, sizeof text, &count, NULL) && count == 0, "and 0 bytes at it");
    CHECK_ERROR("B", SetFilePointer(file, -1, NULL, FILE_BEGIN) == INVALID_SET_FILE_POINTER, 131,
                "before the beginning fails with 131");
    distance.QuadPart = 4;
    CHECK("B", SetFilePointerEx(file, distance, &position, FILE_BEGIN) && position.QuadPart == 4,
          "SetFilePointerEx tells the position");
    CHECK("B", SetEndOfFile(file) && GetFileSize(file, &high) == 4 && high == 0, "SetEndOfFile cuts there");
    CHECK("B", GetFileSizeEx(file, &position) && position.QuadPart == 4, "GetFileSizeEx");
    CHECK("B", GetFileType(file) == FILE_TYPE_DISK && FlushFileBuffers(file), "it is on a disk, and can be flushed");
    CloseHandle(file);
    CHECK_ERROR("B", CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL) == INVALID_HANDLE_VALUE, 80,
                "CREATE_NEW of what exists fails with 80");
    again = CreateFileA(path, GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, 0, NULL);
    CHECK("B", again != INVALID_HANDLE_VALUE && GetLastError() == 183, "OPEN_ALWAYS of what exists tells 183");
    CHECK_ERROR("B", !ReadFile(again, text, 1, &count, NULL), 5, "reading without GENERIC_READ fails with 5");
    CloseHandle(again);
    CHECK_ERROR("B", CreateFileA(other, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE, 2,
                "OPEN_EXISTING of nothing fails with 2");
    CHECK("B", MoveFileA(path, other) && GetFileAttributesA(path) == INVALID_FILE_ATTRIBUTES && size_of(other) == 4,
          "MoveFile moves");
    CHECK("B", CopyFileA(other, path, TRUE) && size_of(path) == 4 && !CopyFileA(other, path, TRUE),
          "CopyFile copies, and fails if it is told to");
    CHECK("B", DeleteFileA(path) && DeleteFileA(other), "DeleteFile deletes");
    CHECK_ERROR("B", !DeleteFileA(path), 2, "once");
}

static void sharing(void)
{
    const char *path = temporary("sharing");
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL),
           second;
    CHECK_ERROR("B",
                CreateFileA(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL)
                    == INVALID_HANDLE_VALUE,
                32, "what is not shared for writing cannot be opened for it: 32");
    second = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    CHECK("B", second != INVALID_HANDLE_VALUE, "but for reading");
    CloseHandle(second);
    CloseHandle(file);
    DeleteFileA(path);
}

static void folders(void)
{
    char folder[MAX_PATH + 1], name[MAX_PATH + 1], second[MAX_PATH + 1], full[MAX_PATH + 1], *part = NULL;
    const char *directory = temporary("folder");
    DWORD length = GetTempPathA(sizeof folder, folder);
    CHECK("B", length > 1 && length == strlen(folder) && (folder[length - 1] == '\\' || folder[length - 1] == '/'),
          "GetTempPath ends in a separator");
    CHECK("B", GetTempFileNameA(folder, "cov", 0, name) != 0 && GetFileAttributesA(name) != INVALID_FILE_ATTRIBUTES,
          "GetTempFileName makes a file");
    CHECK("B", GetTempFileNameA(folder, "cov", 0, second) != 0 && strcmp(name, second) != 0,
          "and the next time another one");
    CHECK("B", GetTempFileNameA(folder, "cov", 0x1234, full) == 0x1234 && strstr(full, "cov1234.") != NULL,
          "with a number only its name");
    CHECK("B", DeleteFileA(name) && DeleteFileA(second), "which the caller deletes");
    CHECK("B", CreateDirectoryA(directory, NULL) && (GetFileAttributesA(directory) & FILE_ATTRIBUTE_DIRECTORY),
          "CreateDirectory makes a folder");
    CHECK_ERROR("B", !CreateDirectoryA(directory, NULL), 183, "once: 183");
    CHECK("B", RemoveDirectoryA(directory), "RemoveDirectory removes it");
    length = GetFullPathNameA("some.file", sizeof full, full, &part);
    CHECK("B", length == strlen(full) && part && strcmp(part, "some.file") == 0 && part > full + 1,
          "GetFullPathName points at the file's name");
}

static void heaps(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = (char *)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, 100), *own = (char *)HeapAlloc(heap, 0, 50),
         *grown;
    int at, sum = 0;
    for (at = 0; at < 100; at++)
        sum |= block[at];
    CHECK("B", block && sum == 0 && HeapSize(GetProcessHeap(), 0, block) == 100,
          "HeapAlloc gives zeroes if asked, HeapSize the size");
    block[99] = 'h';
    grown = (char *)HeapReAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, block, 10000);
    CHECK("B", grown && grown[99] == 'h' && grown[100] == 0 && grown[9999] == 0,
          "HeapReAlloc keeps the contents, and adds zeroes");
    CHECK("B", HeapFree(GetProcessHeap(), 0, grown), "HeapFree frees");
    CHECK("B", HeapFree(GetProcessHeap(), 0, NULL), "also NULL");
    CHECK("B", own && HeapValidate(heap, 0, NULL) && HeapDestroy(heap), "HeapDestroy frees a whole heap");
    block = (char *)LocalAlloc(LPTR, 20);
    CHECK("B", block && block[19] == 0 && LocalSize(block) == 20 && LocalFree(block) == NULL, "LocalAlloc");
    block = (char *)GlobalAlloc(GPTR, 20);
    CHECK("B", block && GlobalSize(block) == 20 && GlobalLock(block) == block && GlobalFree(block) == NULL,
          "GlobalAlloc");
}

static void strings(void)
{
    char text[20] = "", narrow[20];
    WCHAR wide_text[20];
    CHECK("B", lstrlenA("four") == 4 && lstrlenA(NULL) == 0 && lstrlenW(W("four")) == 4, "lstrlen");
    CHECK("B", lstrcpyA(text, "ab") == text && lstrcatA(text, "cd") == text && strcmp(text, "abcd") == 0,
          "lstrcpy and lstrcat");
    CHECK("B", lstrcpynA(text, "abcdef", 4) == text && strcmp(text, "abc") == 0, "lstrcpyn cuts, and ends with a zero");
    CHECK("B",
          lstrcmpA("a", "a") == 0 && lstrcmpA("a", "b") < 0 && lstrcmpiA("ABC", "abc") == 0 && lstrcmpiA("b", "A") > 0,
          "lstrcmp and lstrcmpi");
    CHECK("B", lstrcmpiW(W("ABC"), W("abc")) == 0 && lstrcmpW(W("b"), W("a")) > 0, "in wide characters too");
    CHECK("B",
          MultiByteToWideChar(CP_UTF8, 0, "a\xc3\xa4\xe2\x82\xac", -1, wide_text, 20) == 4 && wide_text[1] == 0xe4
              && wide_text[2] == 0x20ac,
          "MultiByteToWideChar reads UTF-8");
    CHECK("B",
          WideCharToMultiByte(CP_UTF8, 0, wide_text, -1, narrow, 20, NULL, NULL) == 7
              && strcmp(narrow, "a\xc3\xa4\xe2\x82\xac") == 0,
          "WideCharToMultiByte writes it");
    CHECK("B", MultiByteToWideChar(CP_ACP, 0, "abc", 3, NULL, 0) == 3, "without a buffer the size is told");
    CHECK_ERROR("B", MultiByteToWideChar(CP_UTF8, 0, "abc", -1, wide_text, 2) == 0, 122,
                "a buffer too small fails with 122");
    CHECK_ERROR("B", MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xff", -1, wide_text, 20) == 0, 1113,
                "bad UTF-8 with 1113, if asked");
    CHECK("B",
          MultiByteToWideChar(CP_UTF8, 0, "\xc2" "A\x80", -1, wide_text, 20) == 4 && wide_text[0] == 0xfffd
              && wide_text[2] == 0xfffd,
          "else each sequence becomes one U+FFFD");
    CHECK("B",
          MultiByteToWideChar(CP_UTF8, 0, "\xe0\x80\x80", 3, wide_text, 20) == 2
              && MultiByteToWideChar(CP_UTF8, 0, "\xed\xa0\x80", 3, wide_text, 20) == 2
              && MultiByteToWideChar(CP_UTF8, 0, "\xf0\x80\x80\x80", 4, wide_text, 20) == 3
              && MultiByteToWideChar(CP_UTF8, 0, "\xf4\x90\x80\x80", 4, wide_text, 20) == 3
              && MultiByteToWideChar(CP_UTF8, 0, "\xc0\x80", 2, wide_text, 20) == 2,
          "a second byte goes with the lead byte, be it permitted there or not");
    CHECK("B", MulDiv(1000000, 1000000, 3) == -1 && MulDiv(1000000, 30000, 20000) == 1500000 && MulDiv(5, 1, 2) == 3,
          "MulDiv rounds, and is -1 beyond");
}

static void security(void)
{
    SECURITY_DESCRIPTOR everyone;
    SECURITY_ATTRIBUTES attributes = {sizeof attributes, &everyone, FALSE};
    BOOL present = FALSE, defaulted = TRUE;
    PACL list = (PACL)&everyone;
    HANDLE mutex;
    CHECK("B",
          InitializeSecurityDescriptor(&everyone, SECURITY_DESCRIPTOR_REVISION)
              && SetSecurityDescriptorDacl(&everyone, TRUE, NULL, FALSE),
          "a descriptor with a NULL list, everyone's");
    CHECK("B",
          GetSecurityDescriptorDacl(&everyone, &present, &list, &defaulted) && present && list == NULL && !defaulted,
          "is as it was made");
    CHECK("B", IsValidSecurityDescriptor(&everyone), "and valid");
    mutex = CreateMutexA(&attributes, FALSE, named("everyone"));
    CHECK("B", mutex && GetLastError() == 0, "an object can be made with it");
    CloseHandle(mutex);
    attributes.lpSecurityDescriptor = NULL;
    mutex = CreateMutexA(&attributes, FALSE, named("default"));
    CHECK("B", mutex && GetLastError() == 0, "and with none");
    CloseHandle(mutex);
}

static void layouts(void)
{
    CHECK("B",
          sizeof(DWORD) == 4 && sizeof(LONG) == 4 && sizeof(BOOL) == 4 && sizeof(WORD) == 2 && sizeof(BYTE) == 1
              && sizeof(UINT) == 4,
          "DWORD, LONG, BOOL and UINT have 32 bits");
    CHECK("B",
          sizeof(WCHAR) == 2 && sizeof(LONGLONG) == 8 && sizeof(SIZE_T) == 8 && sizeof(HANDLE) == 8
              && sizeof(ULONG_PTR) == 8,
          "WCHAR 16, pointers 64");
    CHECK("B",
          sizeof(SECURITY_ATTRIBUTES) == 24 && sizeof(LARGE_INTEGER) == 8 && sizeof(FILETIME) == 8
              && sizeof(SYSTEMTIME) == 16,
          "structures have Windows' sizes");
    CHECK("B",
          sizeof(STARTUPINFOA) == 104 && sizeof(STARTUPINFOW) == 104 && sizeof(PROCESS_INFORMATION) == 24
              && sizeof(SYSTEM_INFO) == 48 && sizeof(CRITICAL_SECTION) == 40 && sizeof(OVERLAPPED) == 32,
          "the large ones too");
    CHECK("B",
          offsetof(MEMORY_BASIC_INFORMATION, RegionSize) == 24 && offsetof(MEMORY_BASIC_INFORMATION, Type) == 40
              && offsetof(SECURITY_ATTRIBUTES, bInheritHandle) == 16 && offsetof(STARTUPINFOA, hStdError) == 96,
          "and offsets");
}

int main(void)
{
    watch();
    times();
    messages();
    patterns();
    environment();
    command_lines();
    files();
    bad_buffers();
    sharing();
    folders();
    heaps();
    strings();
    security();
    layouts();
    OutputDebugStringA("a line for a debugger\n");
    return conclude();
}
