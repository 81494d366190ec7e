/* What programs call beside sections and waits: threads, processes, locks and memory of one process. */
#include "check.h"

static volatile LONG counter;

static DWORD WINAPI returns_argument(LPVOID argument)
{
    return (DWORD)(ULONG_PTR)argument;
}

static DWORD WINAPI exits_with_argument(LPVOID argument)
{
    ExitThread((DWORD)(ULONG_PTR)argument);
    return 0;
}

static DWORD WINAPI own_id(LPVOID unused)
{
    (void)unused;
    return GetCurrentThreadId();
}

static DWORD WINAPI sleeps_for_ever(LPVOID unused)
{
    (void)unused;
    Sleep(INFINITE);
    return 0;
}

static DWORD WINAPI counts(LPVOID unused)
{
    (void)unused;
    InterlockedIncrement(&counter);
    return 0;
}

static void priorities(void)
{
    HANDLE self = OpenThread(THREAD_QUERY_INFORMATION, FALSE, GetCurrentThreadId());
    HANDLE suspended = CreateThread(NULL, 0, returns_argument, NULL, CREATE_SUSPENDED, NULL);
    CHECK("B", SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_HIGHEST) && GetThreadPriority(self) == 2,
          "which each handle tells");
    CHECK_ERROR("B", !SetThreadPriority(self, THREAD_PRIORITY_NORMAL), 5,
                "SetThreadPriority needs THREAD_SET_INFORMATION: 5");
    CHECK_ERROR("B", !SetThreadAffinityMask(self, 1), 5, "SetThreadAffinityMask too");
    CHECK_ERROR("B", !SetThreadPriority(GetCurrentThread(), 99), 87, "a level that there is not fails with 87");
    CHECK("B", !SetThreadPriority(GetCurrentThread(), 3) && !SetThreadPriority(GetCurrentThread(), -3),
          "so do real-time levels");
    CHECK("B", GetThreadPriority(GetCurrentThread()) == 2 && SetThreadPriority(GetCurrentThread(), 0), "and it stays");
    CloseHandle(self);
    CHECK("B", SetThreadPriority(suspended, THREAD_PRIORITY_TIME_CRITICAL) && GetThreadPriority(suspended) == 15,
          "a thread has one before it runs");
    CHECK("B", SuspendThread(suspended) == 1 && ResumeThread(suspended) == 2 && ResumeThread(suspended) == 1,
          "suspensions are counted");
    await(suspended);
    CHECK_ERROR("B", SuspendThread(suspended) == (DWORD)-1, 5, "a thread that has ended is not suspended: 5");
    CloseHandle(suspended);
}

static void threads(void)
{
    DWORD id = 0, code = 0;
    HANDLE handle = CreateThread(NULL, 0, own_id, NULL, 0, &id), opened;
    CHECK("B", handle && join(handle) == id && id != 0 && id != GetCurrentThreadId(),
          "CreateThread tells the thread's id");
    CHECK("B", in_thread(returns_argument, (void *)0x87654321) == 0x87654321,
          "a thread gets its argument and returns its code");
    CHECK("B", in_thread(exits_with_argument, (void *)4321) == 4321, "ExitThread ends it with a code");
    counter = 0;
    handle = CreateThread(NULL, 65536, counts, NULL, CREATE_SUSPENDED, &id);
    CHECK("B", WaitForSingleObject(handle, SHORT_MS) == WAIT_TIMEOUT && counter == 0,
          "CREATE_SUSPENDED keeps a thread from starting");
    CHECK("B", GetThreadId(handle) == id && ResumeThread(handle) == 1 && join(handle) == 0 && counter == 1,
          "until ResumeThread");
    handle = thread(sleeps_for_ever, NULL);
    opened = OpenThread(SYNCHRONIZE | THREAD_TERMINATE | THREAD_QUERY_INFORMATION, FALSE, GetThreadId(handle));
    CHECK("B", opened && poll_once(opened) == WAIT_TIMEOUT, "OpenThread finds a running thread");
    CHECK("B", GetProcessIdOfThread(handle) == GetCurrentProcessId(), "which belongs to this process");
    CloseHandle(opened);
    CHECK("B",
          TerminateThread(handle, 99) && await(handle) == WAIT_OBJECT_0 && GetExitCodeThread(handle, &code)
              && code == 99,
          "TerminateThread ends a thread that sleeps");
    CloseHandle(handle);
    handle = thread(returns_argument, NULL);
    CHECK("B", CloseHandle(handle), "a thread runs on when its handle is closed");
    CHECK("B", GetThreadPriority(GetCurrentThread()) == THREAD_PRIORITY_NORMAL, "threads have a priority");
    priorities();
    CHECK_ERROR("B", ResumeThread((HANDLE)(ULONG_PTR)0x7ffc) == (DWORD)-1, 6, "ResumeThread of nothing fails with 6");
    CHECK_ERROR("B", !GetExitCodeThread((HANDLE)(ULONG_PTR)0x7ffc, &code), 6, "GetExitCodeThread too");
    CHECK("B", SwitchToThread() == TRUE || SwitchToThread() == FALSE, "SwitchToThread returns");
}

static volatile ULONG_PTR called;

static VOID CALLBACK call(ULONG_PTR argument)
{
    called = called * 10 + argument;
}

static DWORD WINAPI sleeps_alertably(LPVOID unused)
{
    (void)unused;
    return SleepEx(LIMIT_MS, TRUE);
}

static void calls(void)
{
    HANDLE sleeper;
    called = 0;
    QueueUserAPC(call, GetCurrentThread(), 1);
    QueueUserAPC(call, GetCurrentThread(), 2);
    QueueUserAPC(call, GetCurrentThread(), 3);
    Sleep(1);
    CHECK("B", called == 0, "Sleep runs no APC");
    CHECK("B", SleepEx(0, TRUE) == WAIT_IO_COMPLETION && called == 123, "APCs run in the order of their queueing");
    sleeper = thread(sleeps_alertably, NULL);
    called = 0;
    settle(1);
    CHECK("B", QueueUserAPC(call, sleeper, 5) && join(sleeper) == WAIT_IO_COMPLETION && called == 5,
          "an APC ends another thread's SleepEx");
    sleeper = CreateThread(NULL, 0, returns_argument, NULL, CREATE_SUSPENDED, NULL);
    called = 0;
    QueueUserAPC(call, sleeper, 6);
    ResumeThread(sleeper);
    CHECK("B", join(sleeper) == 0 && called == 6, "an APC for a thread that has not started runs before it");
    sleeper = thread(returns_argument, NULL);
    await(sleeper);
    CHECK("B", QueueUserAPC(call, sleeper, 7) == 0, "a thread that has ended takes none");
    CloseHandle(sleeper);
}

static DWORD WINAPI exits_process(LPVOID code)
{
    ExitProcess((UINT)(ULONG_PTR)code);
    return 0;
}

/* Ends in one of several ways. */
static int play_ender(const char *way)
{
    if (strcmp(way, "return") == 0)
        return 11;
    if (strcmp(way, "exit") == 0)
        exit(12);
    if (strcmp(way, "ExitProcess") == 0)
        ExitProcess(13);
    if (strcmp(way, "terminate") == 0)
        TerminateProcess(GetCurrentProcess(), 14);
    if (strcmp(way, "thread") == 0)
        in_thread(exits_process, (void *)15);
    if (strcmp(way, "large") == 0)
        ExitProcess(0xc0000005);
    if (strcmp(way, "last") == 0) {
        CloseHandle(thread(returns_argument, (void *)16));
        ExitThread(16);
    }
    Sleep(INFINITE);
    return 1;
}

static void ends_of_processes(void)
{
    HANDLE child;
    DWORD code = 0;
    CHECK("B", finish(start("ender return")) == 11, "a process ends with what main returns");
    CHECK("B", finish(start("ender exit")) == 12, "with what exit() is given");
    CHECK("B", finish(start("ender ExitProcess")) == 13, "with what ExitProcess is given");
    CHECK("B", finish(start("ender terminate")) == 14, "with what TerminateProcess is given");
    CHECK("B", finish(start("ender thread")) == 15, "with what another thread gives ExitProcess");
    CHECK("B", finish(start("ender large")) == 0xc0000005, "exit codes have 32 bits");
    CHECK("B", finish(start("ender last")) == 16, "with the last thread's code when main's has ended");
    child = start("ender never");
    CHECK("B",
          TerminateProcess(child, 0x12345678) && await(child) == WAIT_OBJECT_0 && GetExitCodeProcess(child, &code)
              && code == 0x12345678,
          "TerminateProcess ends another process, with a code of 32 bits");
    CHECK_ERROR_WINDOWS("B", !TerminateProcess(child, 1), 5, "a process that has ended cannot be ended: 5");
    CloseHandle(child);
}

/* A folder that has the name of a program, in a folder that programs are searched for in. */
static void searched_folders(void)
{
    char old[8000] = "", command[32] = "coview-c-no-program now", folder[MAX_PATH + 100];
    const char *path = temporary("searched");
    STARTUPINFOA startup;
    PROCESS_INFORMATION process;
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    GetEnvironmentVariableA("PATH", old, sizeof old);
    snprintf(folder, sizeof folder, "%s/coview-c-no-program", path);
    CreateDirectoryA(path, NULL);
    CreateDirectoryA(folder, NULL);
    SetEnvironmentVariableA("PATH", path);
    CHECK_ERROR("B", !CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process), 2,
                "a folder in PATH that has the name is passed over");
    SetEnvironmentVariableA("PATH", old);
    RemoveDirectoryA(folder);
    RemoveDirectoryA(path);
}

static void processes(void)
{
    STARTUPINFOA startup;
    PROCESS_INFORMATION process;
    char program[MAX_PATH + 1], command[MAX_PATH + 100];
    HANDLE opened;
    DWORD code = 0;
    GetModuleFileNameA(NULL, program, sizeof program);
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    snprintf(command, sizeof command, "\"%s\" ender never", program);
    CHECK("B", CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process),
          "CreateProcess finds the program in the command line");
    CHECK("B",
          process.dwProcessId == GetProcessId(process.hProcess) && process.dwThreadId == GetThreadId(process.hThread),
          "and tells the ids");
    CHECK("B", poll_once(process.hThread) == WAIT_TIMEOUT, "the main thread's handle can be waited for");
    opened = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE | PROCESS_QUERY_INFORMATION, FALSE, process.dwProcessId);
    CHECK("B", opened && GetExitCodeProcess(opened, &code) && code == STILL_ACTIVE, "OpenProcess finds it by its id");
    CHECK("B", TerminateProcess(opened, 5) && await(process.hThread) == WAIT_OBJECT_0,
          "the main thread ends with the process");
    CHECK("B", await(opened) == WAIT_OBJECT_0 && GetExitCodeProcess(opened, &code) && code == 5,
          "all handles see its end");
    CloseHandle(opened);
    opened = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, process.dwProcessId);
    CHECK("B", opened && GetExitCodeProcess(opened, &code) && code == 5,
          "a process is found by its id while a handle to it is open");
    CHECK_ERROR("B", poll_once(opened) == WAIT_FAILED, 5, "waiting for it needs SYNCHRONIZE: 5");
    CHECK_ERROR("B", !TerminateProcess(opened, 1), 5, "and ending it PROCESS_TERMINATE");
    CloseHandle(opened);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    CHECK_ERROR(
        "B", !CreateProcessA("coview-no-such-program.exe", NULL, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process),
        2, "a program that does not exist fails with 2");
    searched_folders();
    CHECK_ERROR("B", !OpenProcess(SYNCHRONIZE, FALSE, 0), 87, "OpenProcess of 0 fails with 87");
    CHECK("B", GetProcessId(GetCurrentProcess()) == GetCurrentProcessId(), "GetProcessId of the pseudo handle");
    CHECK_ERROR("B", GetProcessId(NULL) == 0, 6, "GetProcessId of nothing fails with 6");
}

static int play_environment(void)
{
    char value[100], folder[MAX_PATH + 1];
    if (GetEnvironmentVariableA("COVIEW_GIVEN", value, sizeof value) != 5 || strcmp(value, "a b=c") != 0)
        return 1;
    if (GetEnvironmentVariableA("COVIEW_PARENT", value, sizeof value) != 0 || GetLastError() != ERROR_ENVVAR_NOT_FOUND)
        return 2;
    if (!GetCurrentDirectoryA(sizeof folder, folder))
        return 3;
    return 0;
}

/* The exit code tells what comes of the arguments: quotes, backslashes and blanks. */
static int play_arguments(int count, char **arguments)
{
    static const char *const expected[] = {"one", "two words", "", "back\\slash", "quo\"te", "end\\", "tab\there"};
    int at;
    if (count != 9)
        return 100 + count;
    for (at = 0; at < 7; at++)
        if (strcmp(arguments[at + 2], expected[at]) != 0)
            return at + 1;
    return strstr(GetCommandLineA(), "\"two words\"") ? 0 : 50;
}

static unsigned run(const char *command, DWORD flags, void *environment)
{
    char program[MAX_PATH + 1], line[MAX_PATH + 300];
    STARTUPINFOA startup;
    PROCESS_INFORMATION process;
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    GetModuleFileNameA(NULL, program, sizeof program);
    snprintf(line, sizeof line, "\"%s\" %s", program, command);
    if (!CreateProcessA(program, line, NULL, NULL, FALSE, flags, environment, NULL, &startup, &process))
        return 1000 + (unsigned)GetLastError();
    CloseHandle(process.hThread);
    return finish(process.hProcess);
}

static unsigned run_wide(const WCHAR *command)
{
    WCHAR program[MAX_PATH + 1], line[MAX_PATH + 300];
    STARTUPINFOW startup;
    PROCESS_INFORMATION process;
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    lstrcpyW(line, W("\""));
    lstrcatW(line, program);
    lstrcatW(line, W("\" "));
    lstrcatW(line, command);
    if (!CreateProcessW(program, line, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &startup, &process))
        return 1000 + (unsigned)GetLastError();
    if (WaitForSingleObject(process.hProcess, SHORT_MS) != WAIT_TIMEOUT || ResumeThread(process.hThread) != 1)
        return 2000;
    CloseHandle(process.hThread);
    return finish(process.hProcess);
}

/* A block with the variables that the system needs, and one of ours. */
static void make_environment(char *block, size_t size)
{
    char *all = GetEnvironmentStringsA(), *at;
    size_t length = 0;
    for (at = all; *at; at += strlen(at) + 1)
        if (strncmp(at, "COVIEW_", 7) != 0 && length + strlen(at) + 100 < size) {
            strcpy(block + length, at);
            length += strlen(at) + 1;
        }
    memcpy(block + length, "COVIEW_GIVEN=a b=c\0", 20);
    FreeEnvironmentStringsA(all);
}

static void what_processes_get(void)
{
    static char block[32768];
    unsigned code;
    code = run("arguments one \"two words\" \"\" back\\slash quo\\\"te end\\ \"tab\there\"", 0, NULL);
    CHECK("B", code == 0, "the command line is taken apart by Windows' rules");
    code = run_wide(W("arguments one \"two words\" \"\" back\\slash quo\\\"te end\\ \"tab\there\""));
    CHECK("B", code == 0, "CreateProcessW likewise, and CREATE_SUSPENDED waits for ResumeThread");
    SetEnvironmentVariableA("COVIEW_PARENT", "set");
    make_environment(block, sizeof block);
    CHECK("B", run("environment", 0, block) == 0, "an environment block is the child's whole environment");
    SetEnvironmentVariableA("COVIEW_PARENT", NULL);
    SetEnvironmentVariableA("COVIEW_GIVEN", "a b=c");
    CHECK("B", run("environment", 0, NULL) == 0, "without one it gets the parent's");
    SetEnvironmentVariableA("COVIEW_GIVEN", NULL);
}

static int play_echo(const char *text)
{
    DWORD written;
    return WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), text, (DWORD)strlen(text), &written, NULL) ? 0 : 1;
}

static void pipes(void)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE reader = NULL, writer = NULL;
    char program[MAX_PATH + 1], command[MAX_PATH + 100], text[32] = "";
    STARTUPINFOA startup;
    PROCESS_INFORMATION process;
    DWORD count = 0, total = 0;
    GetModuleFileNameA(NULL, program, sizeof program);
    snprintf(command, sizeof command, "\"%s\" echo spoken", program);
    CHECK("B", CreatePipe(&reader, &writer, &inherit, 0), "CreatePipe makes two ends");
    SetHandleInformation(reader, HANDLE_FLAG_INHERIT, 0);
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    startup.dwFlags = STARTF_USESTDHANDLES;
    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = writer;
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    demand(CreateProcessA(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process),
           "a process that writes to a pipe");
    CloseHandle(writer);
    CloseHandle(process.hThread);
    while (total < 31 && ReadFile(reader, text + total, 31 - total, &count, NULL) && count)
        total += count;
    CHECK("B", finish(process.hProcess) == 0 && strcmp(text, "spoken") == 0,
          "a child's standard output is the handle that it was given");
    CHECK_ERROR("B", !ReadFile(reader, text, 1, &count, NULL), ERROR_BROKEN_PIPE,
                "a pipe without writers fails with 109");
    CloseHandle(reader);
}

static CRITICAL_SECTION critical;
static LONG plain;

static DWORD WINAPI add_in_critical_section(LPVOID unused)
{
    int round;
    (void)unused;
    for (round = 0; round < 20000; round++) {
        EnterCriticalSection(&critical);
        plain++;
        LeaveCriticalSection(&critical);
    }
    return 0;
}

static DWORD WINAPI try_critical_section(LPVOID unused)
{
    (void)unused;
    if (!TryEnterCriticalSection(&critical))
        return 0;
    LeaveCriticalSection(&critical);
    return 1;
}

/* Runs four threads and says whether they ended well. */
static int four(thread_function function, void *argument)
{
    HANDLE all[4];
    DWORD failures = 0;
    int at;
    for (at = 0; at < 4; at++)
        all[at] = thread(function, argument);
    for (at = 0; at < 4; at++)
        failures += join(all[at]);
    return failures == 0;
}

static void critical_sections(void)
{
    InitializeCriticalSection(&critical);
    plain = 0;
    CHECK("B", four(add_in_critical_section, NULL) && plain == 80000, "a critical section lets one thread in");
    EnterCriticalSection(&critical);
    CHECK("B", TryEnterCriticalSection(&critical), "its owner may enter again");
    LeaveCriticalSection(&critical);
    CHECK("B", in_thread(try_critical_section, NULL) == 0, "and leaves as often");
    LeaveCriticalSection(&critical);
    CHECK("B", in_thread(try_critical_section, NULL) == 1, "before others can");
    DeleteCriticalSection(&critical);
    CHECK("B", InitializeCriticalSectionAndSpinCount(&critical, 4000) && TryEnterCriticalSection(&critical),
          "with a spin count too");
    LeaveCriticalSection(&critical);
    DeleteCriticalSection(&critical);
    CHECK("B", InitializeCriticalSectionEx(&critical, 0, 0) && SetCriticalSectionSpinCount(&critical, 10) == 0,
          "and by InitializeCriticalSectionEx");
    DeleteCriticalSection(&critical);
}

static SRWLOCK slim = SRWLOCK_INIT;

static DWORD WINAPI add_in_slim_lock(LPVOID unused)
{
    int round;
    LONG seen;
    (void)unused;
    for (round = 0; round < 20000; round++) {
        AcquireSRWLockExclusive(&slim);
        plain++;
        ReleaseSRWLockExclusive(&slim);
        AcquireSRWLockShared(&slim);
        seen = plain;
        if (seen != plain)
            return 1;
        ReleaseSRWLockShared(&slim);
    }
    return 0;
}

static DWORD WINAPI try_slim_lock(LPVOID unused)
{
    DWORD result = 0;
    (void)unused;
    if (TryAcquireSRWLockShared(&slim)) {
        result |= 1;
        ReleaseSRWLockShared(&slim);
    }
    if (TryAcquireSRWLockExclusive(&slim)) {
        result |= 2;
        ReleaseSRWLockExclusive(&slim);
    }
    return result;
}

static void slim_locks(void)
{
    plain = 0;
    CHECK("B", four(add_in_slim_lock, NULL) && plain == 80000, "an SRW lock lets one writer in, or readers");
    CHECK("B", in_thread(try_slim_lock, NULL) == 3, "a free one can be had both ways");
    AcquireSRWLockShared(&slim);
    CHECK("B", in_thread(try_slim_lock, NULL) == 1, "one that is read only for reading");
    ReleaseSRWLockShared(&slim);
    AcquireSRWLockExclusive(&slim);
    CHECK("B", in_thread(try_slim_lock, NULL) == 0, "one that is written not at all");
    ReleaseSRWLockExclusive(&slim);
    InitializeSRWLock(&slim);
    CHECK("B", slim.Ptr == NULL && sizeof slim == sizeof(void *), "it is one zero pointer");
    slim.Ptr = (PVOID)1;
    ReleaseSRWLockExclusive(&slim);
    CHECK_WINDOWS("B", slim.Ptr == NULL, "a writer's is 1, also if the program has written that itself");
}

static CONDITION_VARIABLE condition = CONDITION_VARIABLE_INIT;
static volatile LONG items, taken;

static DWORD WINAPI consume(LPVOID slim_one)
{
    int got;
    for (got = 0; got < 1000; got++) {
        if (slim_one)
            AcquireSRWLockExclusive(&slim);
        else
            EnterCriticalSection(&critical);
        while (items == 0)
            if (!(slim_one ? SleepConditionVariableSRW(&condition, &slim, LIMIT_MS, 0)
                           : SleepConditionVariableCS(&condition, &critical, LIMIT_MS)))
                return 1;
        items--;
        taken++;
        if (slim_one)
            ReleaseSRWLockExclusive(&slim);
        else
            LeaveCriticalSection(&critical);
    }
    return 0;
}

static DWORD consumers(int with_slim_lock)
{
    HANDLE all[3];
    DWORD failures = 0;
    int at;
    items = taken = 0;
    for (at = 0; at < 3; at++)
        all[at] = thread(consume, with_slim_lock ? &slim : NULL);
    for (at = 0; at < 3000; at++) {
        if (with_slim_lock)
            AcquireSRWLockExclusive(&slim);
        else
            EnterCriticalSection(&critical);
        items++;
        if (with_slim_lock)
            ReleaseSRWLockExclusive(&slim);
        else
            LeaveCriticalSection(&critical);
        if (at % 7)
            WakeConditionVariable(&condition);
        else
            WakeAllConditionVariable(&condition);
    }
    for (at = 0; at < 3; at++)
        failures += join(all[at]);
    return failures;
}

static void condition_variables(void)
{
    InitializeCriticalSection(&critical);
    CHECK("B", consumers(0) == 0 && taken == 3000 && items == 0, "a condition variable with a critical section");
    CHECK("B", consumers(1) == 0 && taken == 3000 && items == 0, "and with an SRW lock");
    EnterCriticalSection(&critical);
    CHECK_ERROR("B", !SleepConditionVariableCS(&condition, &critical, 5), ERROR_TIMEOUT, "its timeout is 1460");
    LeaveCriticalSection(&critical);
    AcquireSRWLockShared(&slim);
    CHECK_ERROR("B", !SleepConditionVariableSRW(&condition, &slim, 5, CONDITION_VARIABLE_LOCKMODE_SHARED),
                ERROR_TIMEOUT, "in shared mode too");
    ReleaseSRWLockShared(&slim);
    DeleteCriticalSection(&critical);
}

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

static BOOL CALLBACK initialise(PINIT_ONCE which, PVOID argument, PVOID *context)
{
    (void)which;
    Sleep(5);
    InterlockedIncrement(&counter);
    *context = argument;
    return TRUE;
}

static BOOL CALLBACK refuse(PINIT_ONCE which, PVOID argument, PVOID *context)
{
    (void)which;
    (void)argument;
    (void)context;
    InterlockedIncrement(&counter);
    return FALSE;
}

static DWORD WINAPI initialise_once(LPVOID unused)
{
    void *context = NULL;
    (void)unused;
    return !InitOnceExecuteOnce(&once, initialise, &plain, &context) || context != &plain;
}

static void one_time_initialisation(void)
{
    INIT_ONCE by_hand = INIT_ONCE_STATIC_INIT;
    BOOL pending = FALSE;
    void *context = NULL;
    counter = 0;
    CHECK("B", !InitOnceExecuteOnce(&once, refuse, NULL, NULL) && counter == 1,
          "a failed initialisation is tried again");
    counter = 0;
    CHECK("B", four(initialise_once, NULL) && counter == 1, "InitOnceExecuteOnce runs once, and all get its result");
    CHECK("B", InitOnceBeginInitialize(&by_hand, 0, &pending, &context) && pending, "InitOnceBeginInitialize begins");
    CHECK("B", InitOnceComplete(&by_hand, 0, &plain), "InitOnceComplete ends it");
    pending = TRUE;
    CHECK("B", InitOnceBeginInitialize(&by_hand, 0, &pending, &context) && !pending && context == &plain,
          "after which it is done");
    InitOnceInitialize(&by_hand);
    CHECK("B", !InitOnceBeginInitialize(&by_hand, INIT_ONCE_CHECK_ONLY, &pending, &context),
          "InitOnceInitialize begins anew");
}

static DWORD slot;

static DWORD WINAPI use_slot(LPVOID value)
{
    if (TlsGetValue(slot) != NULL || GetLastError() != 0)
        return 1;
    TlsSetValue(slot, value);
    SwitchToThread();
    return TlsGetValue(slot) != value;
}

static VOID WINAPI clean(PVOID value)
{
    InterlockedExchangeAdd(&counter, (LONG)(ULONG_PTR)value);
}

static DWORD WINAPI use_fiber_slot(LPVOID value)
{
    FlsSetValue(slot, value);
    return FlsGetValue(slot) != value;
}

static void local_storage(void)
{
    slot = TlsAlloc();
    CHECK("B", slot != TLS_OUT_OF_INDEXES && TlsGetValue(slot) == NULL, "a new TLS slot holds NULL");
    TlsSetValue(slot, &slot);
    CHECK("B", in_thread(use_slot, &plain) == 0 && TlsGetValue(slot) == &slot, "each thread has its own value");
    SetLastError(UNTOUCHED);
    CHECK("B", TlsGetValue(slot) && GetLastError() == 0, "TlsGetValue writes the last error: 0");
    CHECK("B", TlsFree(slot), "TlsFree frees it");
    CHECK_ERROR("B", !TlsSetValue(0xffff, NULL), 87, "a wrong slot fails with 87");
    counter = 0;
    slot = FlsAlloc(clean);
    CHECK("B", slot != FLS_OUT_OF_INDEXES && in_thread(use_fiber_slot, (void *)5) == 0 && counter == 5,
          "an FLS slot is cleaned when its thread ends");
    CHECK("B", FlsGetValue(slot) == NULL && FlsFree(slot), "and is every thread's own");
}

static volatile LONG shared_word;
static volatile LONGLONG shared_wide;

static DWORD WINAPI add_interlocked(LPVOID unused)
{
    int round;
    (void)unused;
    for (round = 0; round < 20000; round++) {
        InterlockedIncrement(&shared_word);
        InterlockedExchangeAdd64(&shared_wide, 3);
    }
    return 0;
}

static void interlocked(void)
{
    volatile LONG word = 5;
    volatile LONGLONG large = 5;
    void *volatile pointer = NULL;
    CHECK("B", InterlockedIncrement(&word) == 6 && InterlockedDecrement(&word) == 5,
          "InterlockedIncrement and Decrement return the new value");
    CHECK("B", InterlockedExchange(&word, 9) == 5 && InterlockedExchangeAdd(&word, 2) == 9 && word == 11,
          "Exchange and ExchangeAdd the old one");
    CHECK("B", InterlockedCompareExchange(&word, 1, 11) == 11 && word == 1,
          "CompareExchange writes when it finds what it compares with");
    CHECK("B", InterlockedCompareExchange(&word, 2, 11) == 1 && word == 1, "and else does not");
    CHECK("B",
          InterlockedOr(&word, 6) == 1 && InterlockedAnd(&word, 5) == 7 && InterlockedXor(&word, 4) == 5 && word == 1,
          "Or, And, Xor return the old value");
    CHECK("B",
          InterlockedIncrement64(&large) == 6 && InterlockedExchangeAdd64(&large, 1LL << 40) == 6
              && InterlockedCompareExchange64(&large, 7, 6 + (1LL << 40)) == 6 + (1LL << 40)
              && InterlockedExchange64(&large, 8) == 7,
          "all of them have 64 bits too");
    CHECK("B",
          InterlockedExchangePointer(&pointer, &slot) == NULL
              && InterlockedCompareExchangePointer(&pointer, NULL, &slot) == &slot && pointer == NULL,
          "and pointers");
    shared_word = 0;
    shared_wide = 0;
    CHECK("B", four(add_interlocked, NULL) && shared_word == 80000 && shared_wide == 240000, "they are atomic");
    MemoryBarrier();
}

static void refused_memory(void)
{
    CHECK_ERROR("B", !VirtualAlloc((void *)(ULONG_PTR)1, 4096, MEM_RESERVE, PAGE_READWRITE), 87,
                "nobody gets the first 64 KiB: 87");
    CHECK_ERROR("B", !VirtualAlloc((void *)(ULONG_PTR)0x1000, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), 87,
                "nor a page of them");
    CHECK_ERROR("B", !VirtualAlloc(NULL, (SIZE_T)-1, MEM_RESERVE, PAGE_READWRITE), 87,
                "more than there are addresses fails with 87");
    CHECK_ERROR("B", !VirtualAlloc(NULL, 0, MEM_RESERVE, PAGE_READWRITE), 87, "nothing too");
    CHECK("B", query(NULL).State == MEM_FREE, "and the first page stays free");
}

static void memory(void)
{
    SYSTEM_INFO system;
    char *base = (char *)VirtualAlloc(NULL, 200000, MEM_RESERVE, PAGE_READWRITE), *page;
    MEMORY_BASIC_INFORMATION found;
    DWORD old = 0;
    GetSystemInfo(&system);
    CHECK("B", system.dwPageSize == 4096 && system.dwAllocationGranularity == 65536 && system.dwNumberOfProcessors >= 1,
          "pages have 4 KiB, allocations 64 KiB");
    CHECK("B", base && ((ULONG_PTR)base & 0xffff) == 0, "VirtualAlloc reserves at multiples of 64 KiB");
    found = query(base);
    CHECK("B",
          found.State == MEM_RESERVE && found.Type == MEM_PRIVATE && found.RegionSize == 200704
              && found.AllocationProtect == PAGE_READWRITE,
          "reserved memory is private");
    page = (char *)VirtualAlloc(base + 5000, 1, MEM_COMMIT, PAGE_READWRITE);
    CHECK("B", page == base + 4096 && page[0] == 0 && !faults(page, 1) && faults(base, 0),
          "pages of it are committed, and zero");
    page[0] = 'c';
    CHECK("B",
          VirtualProtect(page, 4096, PAGE_READONLY, &old) && old == PAGE_READWRITE && faults(page, 1) && page[0] == 'c',
          "VirtualProtect changes them");
    CHECK("B", VirtualFree(page, 4096, MEM_DECOMMIT) && faults(page, 0) && query(page).State == MEM_RESERVE,
          "VirtualFree decommits them");
    VirtualAlloc(page, 4096, MEM_COMMIT, PAGE_READWRITE);
    CHECK("B", page[0] == 0, "and a new commit finds zeroes");
    CHECK_ERROR("B", !VirtualFree(base, 4096, MEM_RELEASE), 87,
                "a release is of the whole: with a size it fails with 87");
    CHECK_ERROR("B", !VirtualFree(base + 4096, 0, MEM_RELEASE), 487, "from inside with 487");
    CHECK("B", VirtualFree(base, 0, MEM_RELEASE) && query(base).State == MEM_FREE, "from the base it goes");
    base = (char *)VirtualAlloc(NULL, 10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    CHECK("B", base && query(base).RegionSize == 12288 && VirtualLock(base, 4096) && VirtualUnlock(base, 4096),
          "pages can be locked");
    CHECK("B", !IsBadReadPtr(base, 12288) && !IsBadWritePtr(base, 12288) && IsBadReadPtr(NULL, 1),
          "IsBadReadPtr tells what can be read");
    VirtualProtect(base + 4096, 4096, PAGE_READONLY, &old);
    CHECK("B", IsBadWritePtr(base, 12288) && !IsBadWritePtr(base, 4096) && !IsBadReadPtr(base, 12288),
          "IsBadWritePtr what can be written");
    VirtualFree(base, 0, MEM_RELEASE);
    CHECK("B", IsBadReadPtr(base, 1), "and neither what is freed");
}

static volatile LONG watched;

static DWORD WINAPI wait_on_address(LPVOID unused)
{
    LONG unwanted = 0;
    (void)unused;
    while (watched == 0)
        if (!WaitOnAddress(&watched, &unwanted, sizeof unwanted, LIMIT_MS))
            return 1;
    return 0;
}

static void addresses(void)
{
    LONG other = 1;
    HANDLE waiter = thread(wait_on_address, NULL);
    CHECK("B", WaitOnAddress(&watched, &other, sizeof other, LIMIT_MS),
          "WaitOnAddress returns at once when the value differs");
    other = 0;
    CHECK_ERROR("B", !WaitOnAddress(&watched, &other, sizeof other, 5), ERROR_TIMEOUT, "and times out with 1460");
    watched = 1;
    WakeByAddressSingle((void *)&watched);
    CHECK("B", join(waiter) == 0, "WakeByAddressSingle wakes a thread");
    watched = 0;
    waiter = thread(wait_on_address, NULL);
    settle(0);
    watched = 1;
    WakeByAddressAll((void *)&watched);
    CHECK("B", join(waiter) == 0, "WakeByAddressAll all");
}

static void own_memory(void)
{
    char one[8] = "source", two[8] = "", *base;
    SIZE_T count = 0;
    CHECK("B", ReadProcessMemory(GetCurrentProcess(), one, two, 7, &count) && count == 7 && strcmp(two, "source") == 0,
          "ReadProcessMemory of the own process");
    CHECK("B",
          WriteProcessMemory(GetCurrentProcess(), two, "target", 7, &count) && count == 7 && strcmp(two, "target") == 0,
          "WriteProcessMemory too");
    CHECK("B", !ReadProcessMemory(GetCurrentProcess(), (void *)(ULONG_PTR)0x10, two, 4, &count),
          "what is not there cannot be read");
    base = (char *)VirtualAlloc(NULL, 16384, MEM_RESERVE, PAGE_READWRITE);
    VirtualAlloc(base, 4096, MEM_COMMIT, PAGE_READWRITE);
    CHECK_ERROR_WINDOWS("B", !WriteProcessMemory(GetCurrentProcess(), base + 4090, "beyond it", 9, &count), 487,
                        "writing beyond what is committed fails with 487");
    CHECK_WINDOWS("B", base[4090] == 0, "and writes nothing");
    VirtualAlloc(base + 8192, 4096, MEM_COMMIT, PAGE_READONLY);
    CHECK_ERROR_WINDOWS("B", !WriteProcessMemory(GetCurrentProcess(), base + 8192, "x", 1, &count), 998,
                        "onto a read-only page with 998");
    VirtualFree(base, 0, MEM_RELEASE);
}

int main(int count, char **arguments)
{
    /* Without a watchdog, which would be one more thread. */
    if (count == 3 && strcmp(arguments[1], "ender") == 0)
        return play_ender(arguments[2]);
    watch();
    if (count == 2 && strcmp(arguments[1], "environment") == 0)
        return play_environment();
    if (count >= 2 && strcmp(arguments[1], "arguments") == 0)
        return play_arguments(count, arguments);
    if (count == 3 && strcmp(arguments[1], "echo") == 0)
        return play_echo(arguments[2]);
    threads();
    calls();
    ends_of_processes();
    processes();
    what_processes_get();
    pipes();
    critical_sections();
    slim_locks();
    condition_variables();
    one_time_initialisation();
    local_storage();
    interlocked();
    memory();
    refused_memory();
    addresses();
    own_memory();
    return conclude();
}
