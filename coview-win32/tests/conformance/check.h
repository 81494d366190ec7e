/*
 * What the conformance programs share: checks that name a statement, names of objects, threads, other processes, and
 * memory that may not be touched.
 *
 * Every check prints one line, `[3.7] what holds: ok`, which is the same natively and under Wine, so that the two
 * outputs can be compared. The statements are those of what is known of Windows, by section and number: 1 names, 2
 * sections, 3 views, 4 VirtualQuery, 5 mutexes, 6 events, 7 semaphores, 8 waits, 9 handles, 10 timers, 0 errors; B is
 * what stands beside them.
 */
#ifndef CHECK_H
#define CHECK_H

#include <windows.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

/* How long a wait may take that is expected to end at once, and how long one lasts that is expected to time out. */
enum { LIMIT_MS = 20000, SHORT_MS = 30, WATCHDOG_S = 60 };

/* A last error that no function sets. */
#define UNTOUCHED 0x2badcafeu

/* A wide literal: 16-bit units on both systems. */
#if defined(_WIN32) || __SIZEOF_WCHAR_T__ == 2
#define W(text) L##text
#else
#define W(text) u##text
#endif

static unsigned checks_made, checks_failed;

static inline int runs_on_wine(void)
{
#ifdef _WIN32
    return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") != NULL;
#else
    return 0;
#endif
}

static inline void report(const char *statement, const char *words, const char *verdict, int failed)
{
    checks_made++;
    checks_failed += failed != 0;
    printf("[%s] %s: %s\n", statement, words, verdict);
    fflush(stdout);
}

static inline void check(const char *statement, int holds, const char *words, int line)
{
    char verdict[80] = "ok";
    if (!holds)
        snprintf(verdict, sizeof verdict, "FAILED (line %d, last error %u)", line, (unsigned)GetLastError());
    report(statement, words, verdict, !holds);
}

/* A statement that Wine is known to break: there it may differ, everywhere else it must hold. */
static inline void check_windows(const char *statement, int holds, const char *words, int line)
{
    if (!holds && runs_on_wine())
        report(statement, words, "differs on Wine", 0);
    else
        check(statement, holds, words, line);
}

static inline void check_error(const char *statement, int failed, DWORD got, DWORD expected, const char *words,
                               int line)
{
    char verdict[80] = "ok";
    if (!failed)
        snprintf(verdict, sizeof verdict, "FAILED (line %d, it succeeded)", line);
    else if (got != expected)
        snprintf(verdict, sizeof verdict, "FAILED (line %d, error %u)", line, (unsigned)got);
    report(statement, words, verdict, !failed || got != expected);
}

static inline void check_error_windows(const char *statement, int failed, DWORD got, DWORD expected, const char *words,
                                       int line)
{
    if ((!failed || got != expected) && runs_on_wine())
        report(statement, words, "differs on Wine", 0);
    else
        check_error(statement, failed, got, expected, words, line);
}

#define CHECK(statement, holds, words) check(statement, (holds) != 0, words, __LINE__)
#define CHECK_WINDOWS(statement, holds, words) check_windows(statement, (holds) != 0, words, __LINE__)

#define CHECK_ERROR_BY(judge, statement, failed, code, words)                                                          \
    do {                                                                                                               \
        int it_failed;                                                                                                 \
        SetLastError(UNTOUCHED);                                                                                       \
        it_failed = (failed) != 0;                                                                                     \
        judge(statement, it_failed, GetLastError(), code, words, __LINE__);                                            \
    } while (0)

/* `failed` is an expression that is true when the call in it fails, as it must, with the last error `code`. */
#define CHECK_ERROR(statement, failed, code, words) CHECK_ERROR_BY(check_error, statement, failed, code, words)
#define CHECK_ERROR_WINDOWS(statement, failed, code, words)                                                            \
    CHECK_ERROR_BY(check_error_windows, statement, failed, code, words)

/* The error of a call that is true when it succeeds: 0 then, else the last error. */
#define ERROR_OF(succeeded) (SetLastError(UNTOUCHED), (succeeded) ? 0u : (unsigned)GetLastError())

/* What stops a program, since nothing that follows could work. */
static inline void demand(int holds, const char *words)
{
    if (!holds) {
        printf("cannot go on, last error %u: %s\n", (unsigned)GetLastError(), words);
        fflush(stdout);
        exit(2);
    }
}

static inline int conclude(void)
{
    printf("%u checks, %u failed\n", checks_made, checks_failed);
    return checks_failed != 0;
}

#ifdef __linux__
static inline void watch(void)
{
    alarm(WATCHDOG_S);
}
#else
static inline DWORD WINAPI watchdog(LPVOID unused)
{
    (void)unused;
    Sleep(WATCHDOG_S * 1000);
    TerminateProcess(GetCurrentProcess(), 3);
    return 0;
}

static inline void watch(void)
{
    CloseHandle(CreateThread(NULL, 0, watchdog, NULL, 0, NULL));
}
#endif

/* A name of this process; the last sixteen stay valid. */
static inline const char *named(const char *label)
{
    static char names[16][400];
    static unsigned next;
    char *name = names[next++ % 16];
    snprintf(name, sizeof names[0], "coview-c-%u-%s", (unsigned)GetCurrentProcessId(), label);
    return name;
}

/* An ASCII text in 16-bit units; the last eight stay valid. */
static inline const WCHAR *wide(const char *text)
{
    static WCHAR texts[8][1200];
    static unsigned next;
    WCHAR *copy = texts[next++ % 8];
    size_t at;
    for (at = 0; text[at] && at < 1199; at++)
        copy[at] = (WCHAR)(unsigned char)text[at];
    copy[at] = 0;
    return copy;
}

/* The path of a temporary file of this process; the last eight stay valid. */
static inline const char *temporary(const char *label)
{
    static char paths[8][MAX_PATH + 400];
    static unsigned next;
    char *path = paths[next++ % 8], folder[MAX_PATH];
    demand(GetTempPathA(sizeof folder, folder) != 0, "the folder for temporary files");
    snprintf(path, sizeof paths[0], "%s%s", folder, named(label));
    return path;
}

/* What a wait says that does not wait. It takes what it finds. */
static inline DWORD poll_once(HANDLE handle)
{
    return WaitForSingleObject(handle, 0);
}

/* Waits as long as anything may take. */
static inline DWORD await(HANDLE handle)
{
    return WaitForSingleObject(handle, LIMIT_MS);
}

/* Gives threads that are about to wait the time to do so, more in each round. */
static inline void settle(unsigned round)
{
    Sleep(20u << round);
}

typedef DWORD(WINAPI *thread_function)(LPVOID);

static inline HANDLE thread(thread_function function, void *argument)
{
    HANDLE handle = CreateThread(NULL, 0, function, argument, 0, NULL);
    demand(handle != NULL, "a thread");
    return handle;
}

/* Waits for the end of a thread, and returns its exit code. */
static inline DWORD join(HANDLE handle)
{
    DWORD code = 0xffff;
    demand(await(handle) == WAIT_OBJECT_0, "the end of a thread");
    GetExitCodeThread(handle, &code);
    CloseHandle(handle);
    return code;
}

static inline DWORD in_thread(thread_function function, void *argument)
{
    return join(thread(function, argument));
}

static inline DWORD WINAPI poll_thread(LPVOID handle)
{
    return poll_once(handle);
}

/* What another thread finds when it does not wait. If that is a mutex, the thread ends as its owner. */
static inline DWORD poll_elsewhere(HANDLE handle)
{
    return in_thread(poll_thread, handle);
}

/* A moment on a clock that counts milliseconds. */
static inline double now_ms(void)
{
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    return (double)count.QuadPart * 1000.0 / (double)frequency.QuadPart;
}

static inline HANDLE start_command(int inherit, DWORD flags, const char *format, va_list arguments)
{
    char program[MAX_PATH + 1], command[2 * MAX_PATH + 600];
    STARTUPINFOA startup;
    PROCESS_INFORMATION process;
    int length;
    demand(GetModuleFileNameA(NULL, program, sizeof program) != 0, "the program's own path");
    length = snprintf(command, sizeof command, "\"%s\" ", program);
    vsnprintf(command + length, sizeof command - (size_t)length, format, arguments);
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    demand(CreateProcessA(program, command, NULL, NULL, inherit, flags, NULL, NULL, &startup, &process), "a process");
    if (flags & CREATE_SUSPENDED)
        ResumeThread(process.hThread);
    CloseHandle(process.hThread);
    return process.hProcess;
}

/* Starts this program again with a role and its arguments. */
static inline HANDLE start(const char *format, ...)
{
    va_list arguments;
    HANDLE process;
    va_start(arguments, format);
    process = start_command(FALSE, 0, format, arguments);
    va_end(arguments);
    return process;
}

/* The same; the child gets the handles that can be inherited. */
static inline HANDLE start_inheriting(const char *format, ...)
{
    va_list arguments;
    HANDLE process;
    va_start(arguments, format);
    process = start_command(TRUE, 0, format, arguments);
    va_end(arguments);
    return process;
}

/* Waits for the end of a process, and returns its exit code. */
static inline unsigned finish(HANDLE process)
{
    DWORD code = 0xffff;
    if (await(process) != WAIT_OBJECT_0)
        TerminateProcess(process, 0xfffe);
    GetExitCodeProcess(process, &code);
    CloseHandle(process);
    return (unsigned)code;
}

/* Kills a process in whatever it is doing, and waits until it is gone. */
static inline void kill_process(HANDLE process)
{
    TerminateProcess(process, 9);
    demand(await(process) == WAIT_OBJECT_0, "the end of a killed process");
    CloseHandle(process);
}

/* A handle as text and back; the last eight stay valid. */
static inline const char *handle_text(HANDLE handle)
{
    static char texts[8][24];
    static unsigned next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "%llu", (unsigned long long)(ULONG_PTR)handle);
    return text;
}

static inline HANDLE text_handle(const char *text)
{
    return (HANDLE)(ULONG_PTR)strtoull(text, NULL, 10);
}

/* An event by which processes tell each other how far they are. */
static inline HANDLE signal_named(const char *name)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, name);
    demand(event != NULL, "an event between processes");
    return event;
}

/* Says whether touching a byte faults. To write is to write the value that is there. */
#ifdef __linux__
static inline int faults(const volatile void *address, int write)
{
    /* In a child, so that whatever handles faults in this process is asked, and nothing is left behind. */
    int status = 0;
    pid_t child;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        volatile unsigned char *byte = (volatile unsigned char *)(ULONG_PTR)address;
        unsigned char value;
        close(2);
        value = *byte;
        if (write)
            *byte = value;
        _exit(0);
    }
    waitpid(child, &status, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
#else
static inline int faults(const volatile void *address, int write)
{
    void *byte = (void *)(ULONG_PTR)address;
    return write ? IsBadWritePtr(byte, 1) : IsBadReadPtr(byte, 1);
}
#endif

static inline MEMORY_BASIC_INFORMATION query(const volatile void *address)
{
    MEMORY_BASIC_INFORMATION information;
    memset(&information, 0xcc, sizeof information);
    demand(VirtualQuery((const void *)(ULONG_PTR)address, &information, sizeof information) == sizeof information,
           "what is known of an address");
    return information;
}

static inline HANDLE section(DWORD protect, DWORD size, const char *name)
{
    return CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, protect, 0, size, name);
}

static inline char *view_all(HANDLE mapping, DWORD access)
{
    return (char *)MapViewOfFile(mapping, access, 0, 0, 0);
}

/* A new file of `size` bytes that count up from 0. */
static inline HANDLE file_of(const char *path, DWORD size, DWORD access)
{
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              CREATE_ALWAYS, 0, NULL);
    DWORD at, written;
    demand(file != INVALID_HANDLE_VALUE, "a new file");
    for (at = 0; at < size; at++) {
        char byte = (char)at;
        demand(WriteFile(file, &byte, 1, &written, NULL) && written == 1, "what the file holds");
    }
    CloseHandle(file);
    file =
        CreateFileA(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    demand(file != INVALID_HANDLE_VALUE, "the file again");
    return file;
}

static inline DWORD size_of(const char *path)
{
    DWORD size = 0xffffffff;
    HANDLE file = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        size = GetFileSize(file, NULL);
        CloseHandle(file);
    }
    return size;
}

#endif
