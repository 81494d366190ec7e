/* Section 0: the errors of all functions, and when the last error is written. */
#include "kinds.h"

static void codes(void)
{
    const char *path = temporary("codes");
    HANDLE event = CreateEventExA(NULL, named("codes"), 0, EVENT_MODIFY_STATE), mutex = CreateMutexA(NULL, FALSE, NULL);
    HANDLE semaphore = CreateSemaphoreA(NULL, 1, 1, NULL), mapping = section(PAGE_READWRITE, 4096, NULL), file;
    char *view = view_all(mapping, FILE_MAP_WRITE);
    LARGE_INTEGER size;
    CHECK("0", open_failure(EVENT, named("nobody")) == 2, "2: no object of this name");
    CHECK("0", open_failure(EVENT, "coview-no-directory\\x") == 3, "3: no such directory");
    CHECK_ERROR("0", poll_once(event) == WAIT_FAILED, 5, "5: a right is missing");
    CHECK_ERROR("0", !MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 8192), 5, "5: a view beyond the section");
    CHECK_ERROR("0", !SetEvent((HANDLE)(ULONG_PTR)0x7ffc), 6, "6: no such handle");
    CHECK_ERROR("0", !SetEvent(mutex), 6, "6: a handle of another kind");
    CHECK("0", create_failure(MUTEX, named("codes")) == 6, "6: a name of another kind");
    file = file_of(path, 10, GENERIC_READ);
    CHECK_ERROR("0", !CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 20, NULL), 8, "8: more than the file has");
    CHECK_ERROR("0", !CreateFileMappingA(file, NULL, PAGE_READONLY, 0xffff, 0, NULL), 8, "8: much more");
    CHECK_ERROR("0", !CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_NOACCESS, 0, 20, NULL), 87,
                "87: a wrong protection");
    CHECK_ERROR("0", !CreateSemaphoreA(NULL, 0, 0, NULL), 87, "87: a wrong argument");
    CHECK("0", open_failure(EVENT, "Local\\") == 123, "123: Local\\ with nothing behind it");
    CHECK("0", open_failure(EVENT, "\\x") == 161, "161: a leading backslash");
    CHECK_ERROR("0", !CreateFileMappingA(file, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL), 193, "193: no image");
    CHECK_ERROR("0", !ReleaseMutex(mutex), 288, "288: not the owner");
    CHECK_ERROR("0", !ReleaseSemaphore(semaphore, 1, NULL), 298, "298: a full semaphore");
    CHECK_ERROR("0", !UnmapViewOfFile(&size), 487, "487: no view");
    CHECK_ERROR("0", !MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, 0, view), 487, "487: an address in use");
    CHECK_ERROR("0", !MapViewOfFile(mapping, FILE_MAP_READ, 0, 1, 0), 1132, "1132: an offset that is not aligned");
    CloseHandle(file);
    file = file_of(path, 0, GENERIC_READ);
    CHECK_ERROR("0", !CreateFileMappingA(file, NULL, PAGE_READONLY, 0, 0, NULL), 1006, "1006: an empty file");
    CloseHandle(file);
    DeleteFileA(path);
    UnmapViewOfFile(view);
    CloseHandle(event);
    CloseHandle(mutex);
    CloseHandle(semaphore);
    CloseHandle(mapping);
}

static void creations_write(void)
{
    int kind, zero = 0, unnamed = 0, existing = 0;
    for (kind = 0; kind < KINDS; kind++) {
        HANDLE first, second, none;
        SetLastError(UNTOUCHED);
        first = create_kind(kind, named("written"));
        zero += GetLastError() == 0;
        SetLastError(UNTOUCHED);
        second = create_kind(kind, named("written"));
        existing += GetLastError() == 183;
        SetLastError(UNTOUCHED);
        none = create_kind(kind, NULL);
        unnamed += GetLastError() == 0;
        CloseHandle(first);
        CloseHandle(second);
        CloseHandle(none);
    }
    CHECK("0", zero == KINDS, "creating a named object writes 0");
    CHECK("0", unnamed == KINDS, "creating an unnamed object writes 0");
    CHECK("0", existing == KINDS, "finding one that exists writes 183");
}

static void successes_leave_alone(void)
{
    HANDLE objects[KINDS], opened[KINDS];
    MEMORY_BASIC_INFORMATION found;
    LARGE_INTEGER due;
    char *view;
    LONG count;
    DWORD flags;
    int kind;
    for (kind = 0; kind < KINDS; kind++)
        objects[kind] = create_kind(kind, named("left"));
    for (kind = 0; kind < KINDS; kind++) {
        char name[400];
        CloseHandle(objects[kind]);
        snprintf(name, sizeof name, "%s.%d", named("left"), kind);
        objects[kind] = create_kind(kind, name);
    }
    SetLastError(UNTOUCHED);
    for (kind = 0; kind < KINDS; kind++) {
        char name[400];
        snprintf(name, sizeof name, "%s.%d", named("left"), kind);
        opened[kind] = open_kind(kind, name);
    }
    CHECK("0", GetLastError() == UNTOUCHED, "OpenX leaves it alone");
    CHECK("0", poll_once(objects[EVENT]) == WAIT_TIMEOUT && GetLastError() == UNTOUCHED, "a wait that times out too");
    CHECK("0", poll_once(objects[MUTEX]) == WAIT_OBJECT_0 && GetLastError() == UNTOUCHED, "a wait that succeeds too");
    CHECK("0", WaitForMultipleObjects(2, objects, FALSE, 0) == WAIT_OBJECT_0 && GetLastError() == UNTOUCHED,
          "a wait for several too");
    CHECK("0",
          SetEvent(opened[EVENT]) && ResetEvent(opened[EVENT]) && PulseEvent(opened[EVENT])
              && GetLastError() == UNTOUCHED,
          "SetEvent, ResetEvent and PulseEvent too");
    CHECK("0", ReleaseMutex(objects[MUTEX]) && GetLastError() == UNTOUCHED, "ReleaseMutex too");
    CHECK("0", ReleaseSemaphore(objects[SEMAPHORE], 1, &count) && GetLastError() == UNTOUCHED, "ReleaseSemaphore too");
    view = view_all(objects[SECTION], FILE_MAP_WRITE);
    CHECK("0", view && GetLastError() == UNTOUCHED, "MapViewOfFile too");
    CHECK("0", VirtualQuery(view, &found, sizeof found) == sizeof found && GetLastError() == UNTOUCHED,
          "VirtualQuery too");
    CHECK("0", FlushViewOfFile(view, 0) && UnmapViewOfFile(view) && GetLastError() == UNTOUCHED, "UnmapViewOfFile too");
    CHECK("0",
          GetHandleInformation(objects[EVENT], &flags) && SetHandleInformation(objects[EVENT], HANDLE_FLAG_INHERIT, 0)
              && GetLastError() == UNTOUCHED,
          "GetHandleInformation and SetHandleInformation too");
    due.QuadPart = -10000000;
    SetLastError(UNTOUCHED);
    for (kind = 0; kind < KINDS; kind++)
        CloseHandle(opened[kind]);
    CHECK("0", GetLastError() == UNTOUCHED, "CloseHandle too");
    SetWaitableTimer(objects[TIMER], &due, 0, NULL, NULL, FALSE);
    CancelWaitableTimer(objects[TIMER]);
    for (kind = 0; kind < KINDS; kind++)
        CloseHandle(objects[kind]);
}

static DWORD WINAPI first_error(LPVOID unused)
{
    DWORD at_first = GetLastError();
    (void)unused;
    SetLastError(1234);
    return at_first;
}

static void threads(void)
{
    SetLastError(77);
    CHECK("0", in_thread(first_error, NULL) == 0, "a new thread starts at 0");
    SetLastError(77);
    in_thread(first_error, NULL);
    SetLastError(78);
    CHECK("0", GetLastError() == 78, "and writes its own");
    SetLastError(0xffffffff);
    CHECK("0", GetLastError() == 0xffffffff, "any number can be set");
}

int main(void)
{
    watch();
    codes();
    creations_write();
    successes_leave_alone();
    threads();
    return conclude();
}
