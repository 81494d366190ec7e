/* The five kinds of named objects, for what holds for all of them. */
#ifndef KINDS_H
#define KINDS_H

#include "check.h"

enum kind { MUTEX, EVENT, SEMAPHORE, TIMER, SECTION, KINDS };

static inline HANDLE create_kind(int kind, const char *name)
{
    switch (kind) {
    case MUTEX:
        return CreateMutexA(NULL, FALSE, name);
    case EVENT:
        return CreateEventA(NULL, TRUE, FALSE, name);
    case SEMAPHORE:
        return CreateSemaphoreA(NULL, 1, 2, name);
    case TIMER:
        return CreateWaitableTimerA(NULL, TRUE, name);
    default:
        return CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name);
    }
}

static inline HANDLE create_kind_wide(int kind, const WCHAR *name)
{
    switch (kind) {
    case MUTEX:
        return CreateMutexW(NULL, FALSE, name);
    case EVENT:
        return CreateEventW(NULL, TRUE, FALSE, name);
    case SEMAPHORE:
        return CreateSemaphoreW(NULL, 1, 2, name);
    case TIMER:
        return CreateWaitableTimerW(NULL, TRUE, name);
    default:
        return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name);
    }
}

/* The access that is asked for leaves nothing to be desired. */
static inline HANDLE open_kind(int kind, const char *name)
{
    switch (kind) {
    case MUTEX:
        return OpenMutexA(MUTEX_ALL_ACCESS, FALSE, name);
    case EVENT:
        return OpenEventA(EVENT_ALL_ACCESS, FALSE, name);
    case SEMAPHORE:
        return OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, name);
    case TIMER:
        return OpenWaitableTimerA(TIMER_ALL_ACCESS, FALSE, name);
    default:
        return OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
    }
}

static inline HANDLE open_kind_wide(int kind, const WCHAR *name)
{
    switch (kind) {
    case MUTEX:
        return OpenMutexW(MUTEX_ALL_ACCESS, FALSE, name);
    case EVENT:
        return OpenEventW(EVENT_ALL_ACCESS, FALSE, name);
    case SEMAPHORE:
        return OpenSemaphoreW(SEMAPHORE_ALL_ACCESS, FALSE, name);
    case TIMER:
        return OpenWaitableTimerW(TIMER_ALL_ACCESS, FALSE, name);
    default:
        return OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name);
    }
}

/* The error of a creation that must fail; 0 when it succeeded. */
static inline DWORD create_failure(int kind, const char *name)
{
    HANDLE handle;
    SetLastError(UNTOUCHED);
    handle = create_kind(kind, name);
    if (handle) {
        CloseHandle(handle);
        return 0;
    }
    return GetLastError();
}

static inline DWORD open_failure(int kind, const char *name)
{
    HANDLE handle;
    SetLastError(UNTOUCHED);
    handle = open_kind(kind, name);
    if (handle) {
        CloseHandle(handle);
        return 0;
    }
    return GetLastError();
}

/* Whether creating fails with one of two errors, for every kind. */
static inline int all_create_with(const char *name, DWORD error, DWORD or_error)
{
    int kind, failures = 0;
    for (kind = 0; kind < KINDS; kind++) {
        DWORD got = create_failure(kind, name);
        failures += got == error || got == or_error;
    }
    return failures == KINDS;
}

static inline int all_open_with(const char *name, DWORD error, DWORD or_error)
{
    int kind, failures = 0;
    for (kind = 0; kind < KINDS; kind++) {
        DWORD got = open_failure(kind, name);
        failures += got == error || got == or_error;
    }
    return failures == KINDS;
}

static inline int both_fail(const char *name, DWORD error, DWORD or_error)
{
    return all_create_with(name, error, or_error) && all_open_with(name, error, or_error);
}

static inline int opens(int kind, const char *name)
{
    return open_failure(kind, name) == 0;
}

#endif
