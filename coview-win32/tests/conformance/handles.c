/* Section 9: handles. */
#include "check.h"

#ifdef _WIN32
/* mingw's import libraries lack it. */
static int same_object(HANDLE one, HANDLE two)
{
    BOOL(WINAPI * compare)(HANDLE, HANDLE);
    FARPROC found = GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CompareObjectHandles");
    demand(found != NULL, "CompareObjectHandles");
    memcpy(&compare, &found, sizeof compare);
    return compare(one, two);
}
#else
static int same_object(HANDLE one, HANDLE two)
{
    return CompareObjectHandles(one, two);
}
#endif

static ULONG_PTR number(HANDLE handle)
{
    return (ULONG_PTR)handle;
}

static HANDLE duplicate(HANDLE handle, DWORD access, int inherit, DWORD options)
{
    HANDLE copy = NULL;
    DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &copy, access, inherit, options);
    return copy;
}

static void values(void)
{
    HANDLE events[64], again, copies[2];
    int at, multiples = 0, small = 0, distinct = 0;
    for (at = 0; at < 64; at++) {
        events[at] = CreateEventA(NULL, TRUE, FALSE, NULL);
        multiples += events[at] && number(events[at]) % 4 == 0;
        small += number(events[at]) < 0x10000;
        distinct += at == 0 || events[at] != events[at - 1];
    }
    CHECK("9.1", multiples == 64, "handles are multiples of 4");
    CHECK("9.1", small == 64 && distinct == 64, "small and distinct");
    CloseHandle(events[10]);
    again = CreateMutexA(NULL, FALSE, NULL);
    CHECK("9.1", again == events[10], "the first free slot is reused");
    CloseHandle(again);
    CloseHandle(events[40]);
    CloseHandle(events[20]);
    events[10] = CreateEventA(NULL, TRUE, FALSE, NULL);
    events[20] = CreateEventA(NULL, TRUE, FALSE, NULL);
    events[40] = CreateEventA(NULL, TRUE, FALSE, NULL);
    again = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (at = 0, distinct = 0; at < 64; at++)
        distinct += again != events[at];
    CHECK("9.1", distinct == 64, "no slot is given twice");
    CloseHandle(again);
    copies[0] = duplicate(events[0], 0, FALSE, DUPLICATE_SAME_ACCESS);
    copies[1] = duplicate(events[0], 0, FALSE, DUPLICATE_SAME_ACCESS);
    CHECK("9.1", copies[0] != copies[1] && copies[0] != events[0] && copies[1] != events[0],
          "many handles to one object are all different");
    CloseHandle(copies[0]);
    CloseHandle(copies[1]);
    for (at = 0; at < 64; at++)
        CloseHandle(events[at]);
}

static void thousands(void)
{
    static HANDLE events[3000];
    int at, opened = 0, closed = 0;
    for (at = 0; at < 3000; at++)
        opened += (events[at] = CreateEventA(NULL, TRUE, FALSE, NULL)) != NULL;
    CHECK("9.1", opened == 3000, "thousands of handles can be open at once");
    for (at = 0; at < 3000; at++)
        closed += CloseHandle(events[at]) != 0;
    CHECK("9.1", closed == 3000, "and are closed one by one");
}

static void closing(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
    DWORD flags = 0;
    CHECK_ERROR("9.1", !CloseHandle(NULL), 6, "CloseHandle(NULL) fails with 6");
    CHECK_ERROR("9.1", !CloseHandle((HANDLE)(ULONG_PTR)0x7ffc), 6, "an unknown handle too");
    SetLastError(UNTOUCHED);
    CHECK("9.1", CloseHandle(event) && GetLastError() == UNTOUCHED, "CloseHandle closes");
    CHECK_ERROR("9.1", !CloseHandle(event), 6, "once");
    CHECK_ERROR("9.1", !SetEvent(event), 6, "a closed handle is invalid");
    event = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK("9.1",
          SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE)
              && GetHandleInformation(event, &flags) && flags == HANDLE_FLAG_PROTECT_FROM_CLOSE,
          "PROTECT_FROM_CLOSE is set and told");
    CHECK("9.1", SetHandleInformation(event, 0xf0, 0xf0) && GetHandleInformation(event, &flags) && flags == 2,
          "flags that there are not are ignored");
    CHECK_ERROR("9.1", !CloseHandle(event), 6, "CloseHandle of a protected handle fails with 6");
    CHECK("9.1", SetEvent(event), "and it stays open");
    SetHandleInformation(event, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0);
    CHECK("9.1", GetHandleInformation(event, &flags) && flags == 0 && CloseHandle(event),
          "until the protection is taken back");
    CHECK("9.1", GetHandleInformation(GetCurrentProcess(), &flags) && flags == 0, "pseudo handles have no flags");
    CHECK_ERROR("9.1", !SetHandleInformation(GetCurrentThread(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT), 5,
                "and take none: 5");
    CHECK_ERROR("9.1", !GetHandleInformation(event, &flags), 6, "GetHandleInformation of a closed handle fails with 6");
    CHECK_ERROR("9.1", !SetHandleInformation(event, HANDLE_FLAG_INHERIT, 0), 6, "SetHandleInformation too");
}

static void duplicates(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, named("duplicate")), copy, other;
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    DWORD flags = 0;
    copy = duplicate(event, 0, FALSE, DUPLICATE_SAME_ACCESS);
    SetEvent(copy);
    CHECK("9.2", poll_once(event) == WAIT_OBJECT_0, "a duplicate is the same object");
    CHECK("9.2", same_object(event, copy), "CompareObjectHandles says so");
    other = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK("9.2", !same_object(event, other), "and says no to another");
    CloseHandle(other);
    CloseHandle(copy);
    other = CreateEventA(&inherit, TRUE, FALSE, NULL);
    copy = duplicate(other, 0, FALSE, DUPLICATE_SAME_ACCESS);
    CHECK("9.2",
          GetHandleInformation(other, &flags) && flags == HANDLE_FLAG_INHERIT && GetHandleInformation(copy, &flags)
              && flags == 0,
          "the inherit flag comes from the argument only");
    CloseHandle(other);
    CloseHandle(copy);
    copy = duplicate(event, 0, TRUE, DUPLICATE_SAME_ACCESS);
    CHECK("9.2", GetHandleInformation(copy, &flags) && flags == HANDLE_FLAG_INHERIT, "which may set it");
    CloseHandle(copy);
    CloseHandle(event);
}

static void access_of_duplicates(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, named("raise")),
           limited = OpenEventA(SYNCHRONIZE, FALSE, named("raise")), copy, none;
    copy = duplicate(limited, 0, FALSE, DUPLICATE_SAME_ACCESS);
    CHECK_ERROR("9.2", !SetEvent(copy), 5, "DUPLICATE_SAME_ACCESS copies the access");
    CloseHandle(copy);
    copy = duplicate(limited, EVENT_ALL_ACCESS, FALSE, 0);
    CHECK("9.2", copy && SetEvent(copy), "without it the access can be raised");
    CloseHandle(copy);
    copy = duplicate(event, SYNCHRONIZE, FALSE, 0);
    CHECK_ERROR("9.2", !SetEvent(copy), 5, "or lowered");
    CHECK("9.2", poll_once(copy) == WAIT_OBJECT_0, "to what is asked for");
    CloseHandle(copy);
    copy = duplicate(event, GENERIC_EXECUTE, FALSE, 0);
    CHECK("9.2", poll_once(copy) == WAIT_OBJECT_0, "generic rights are mapped");
    CHECK_ERROR("9.2", !SetEvent(copy), 5, "as the object's kind maps them");
    CloseHandle(copy);
    none = duplicate(event, 0, FALSE, 0);
    CHECK("9.2", none != NULL, "access 0 is allowed");
    CHECK_ERROR("9.2", poll_once(none) == WAIT_FAILED, 5, "and cannot wait");
    CHECK_ERROR("9.2", !SetEvent(none), 5, "nor set");
    copy = duplicate(none, 0, FALSE, DUPLICATE_SAME_ACCESS);
    CHECK("9.2", copy && CloseHandle(copy) && CloseHandle(none), "but be duplicated and closed");
    CloseHandle(limited);
    CloseHandle(event);
}

static void moves(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, NULL), copy = NULL, next;
    CHECK("9.2",
          DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0, FALSE,
                          DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE)
              && copy == event,
          "CLOSE_SOURCE frees the slot first: the new value equals the old");
    CHECK("9.2", poll_once(copy) == WAIT_OBJECT_0, "and is open");
    SetHandleInformation(copy, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE);
    next = NULL;
    DuplicateHandle(GetCurrentProcess(), copy, GetCurrentProcess(), &next, 0, FALSE,
                    DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
    CHECK("9.2", next && next != copy && SetEvent(copy) && SetEvent(next), "a protected source survives");
    SetHandleInformation(copy, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0);
    CloseHandle(copy);
    CloseHandle(next);
    event = CreateEventA(NULL, TRUE, TRUE, NULL);
    copy = event;
    CHECK_ERROR_WINDOWS("9.2",
                        !DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0x0c000000, FALSE,
                                         DUPLICATE_CLOSE_SOURCE),
                        5, "an access that nobody has fails with 5");
    CHECK_ERROR_WINDOWS("9.2", poll_once(event) == WAIT_FAILED, 6, "CLOSE_SOURCE closes the source even then");
    if (copy)
        CloseHandle(copy);
}

static void strange_duplicates(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, named("strange")), copy = event, real = NULL;
    CHECK_ERROR("9.2",
                !DuplicateHandle(GetCurrentProcess(), (HANDLE)(ULONG_PTR)0x7ffc, GetCurrentProcess(), &copy, 0, FALSE,
                                 DUPLICATE_SAME_ACCESS),
                6, "an unknown source fails with 6");
    CHECK("9.2", copy == NULL, "and writes NULL to the target");
    CHECK_ERROR(
        "9.2",
        !DuplicateHandle((HANDLE)(ULONG_PTR)0x7ffc, event, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS),
        6, "a bad source process fails with 6");
    CHECK_ERROR("9.2", !DuplicateHandle(GetCurrentProcess(), event, event, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS), 6,
                "a target process that is none fails with 6");
    CHECK("9.2",
          DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), NULL, 0, FALSE, DUPLICATE_SAME_ACCESS),
          "a NULL target pointer succeeds");
    CloseHandle(event);
    event = OpenEventA(SYNCHRONIZE, FALSE, named("strange"));
    CHECK("9.2", event != NULL, "and leaks the duplicate, which keeps the name");
    CHECK_WINDOWS("9.2", DuplicateHandle(GetCurrentProcess(), event, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE),
                  "a NULL target process with CLOSE_SOURCE is a close");
    CHECK_ERROR("9.2", poll_once(event) == WAIT_FAILED, 6, "after which the source is closed");

    real = duplicate(GetCurrentProcess(), 0, FALSE, DUPLICATE_SAME_ACCESS);
    CHECK("9.2", real && real != GetCurrentProcess() && GetProcessId(real) == GetCurrentProcessId(),
          "a duplicate of the pseudo handle is a real one");
    CloseHandle(real);
    real = duplicate(GetCurrentThread(), 0, FALSE, DUPLICATE_SAME_ACCESS);
    CHECK("9.2", real && real != GetCurrentThread() && GetThreadId(real) == GetCurrentThreadId(),
          "and so the thread's");
    CloseHandle(real);
}

/* Says by bits which of the handles on the command line are valid here, 16 for the flag, and sets the event among them.
 */
static int play_heir(int count, char **arguments)
{
    int at, bits = 0;
    for (at = 2; at < count; at++) {
        HANDLE handle = text_handle(arguments[at]);
        DWORD flags = 0;
        if (GetHandleInformation(handle, &flags) && flags == HANDLE_FLAG_INHERIT)
            bits |= 1 << (at - 2);
    }
    SetEvent(text_handle(arguments[2]));
    return bits;
}

static void inheritance(void)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE created = CreateEventA(&inherit, TRUE, FALSE, named("heritage"));
    HANDLE opened = OpenEventA(EVENT_ALL_ACCESS, TRUE, named("heritage"));
    HANDLE copied = duplicate(created, 0, TRUE, DUPLICATE_SAME_ACCESS), marked = CreateMutexA(NULL, FALSE, NULL);
    HANDLE plain = OpenEventA(EVENT_ALL_ACCESS, FALSE, named("heritage"));
    DWORD flags = 0;
    unsigned bits;
    SetHandleInformation(marked, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    CHECK("9.3", GetHandleInformation(created, &flags) && flags == HANDLE_FLAG_INHERIT,
          "SECURITY_ATTRIBUTES mark the handle");
    CHECK("9.3", GetHandleInformation(plain, &flags) && flags == 0, "not the object: another handle is not marked");
    bits = finish(start_inheriting("heir %s %s %s %s %s", handle_text(created), handle_text(opened),
                                   handle_text(copied), handle_text(marked), handle_text(plain)));
    CHECK("9.3", (bits & 1) != 0, "inherited by SECURITY_ATTRIBUTES: the same value, inheritable there");
    CHECK("9.3", (bits & 2) != 0, "by OpenX");
    CHECK("9.3", (bits & 4) != 0, "by DuplicateHandle");
    CHECK("9.3", (bits & 8) != 0, "by SetHandleInformation");
    CHECK("9.3", (bits & 16) == 0, "others are invalid in the child");
    CHECK("9.3", poll_once(plain) == WAIT_OBJECT_0, "and it is the same object");
    ResetEvent(plain);
    bits = finish(start("heir %s %s %s %s %s", handle_text(created), handle_text(opened), handle_text(copied),
                        handle_text(marked), handle_text(plain)));
    CHECK("9.3", bits == 0 && poll_once(plain) == WAIT_TIMEOUT, "without bInheritHandles nothing is inherited");
    CloseHandle(created);
    CloseHandle(opened);
    CloseHandle(copied);
    CloseHandle(marked);
    CloseHandle(plain);
}

/* Uses an inherited handle of every kind. The exit code is the number of the first thing that goes wrong. */
static int play_user(char **arguments)
{
    HANDLE mutex = text_handle(arguments[2]), event = text_handle(arguments[3]), semaphore = text_handle(arguments[4]);
    HANDLE mapping = text_handle(arguments[5]), timer = text_handle(arguments[6]), parent = text_handle(arguments[7]);
    char *view = view_all(mapping, FILE_MAP_WRITE);
    if (poll_once(mutex) != WAIT_TIMEOUT)
        return 1;
    if (ReleaseMutex(mutex) || GetLastError() != ERROR_NOT_OWNER)
        return 2;
    if (!view || strcmp(view, "from the parent") != 0)
        return 3;
    strcpy(view, "from the child");
    if (poll_once(semaphore) != WAIT_OBJECT_0 || poll_once(semaphore) != WAIT_TIMEOUT)
        return 4;
    if (poll_once(timer) != WAIT_OBJECT_0)
        return 5;
    if (poll_once(parent) != WAIT_TIMEOUT)
        return 6;
    return SetEvent(event) ? 0 : 7;
}

static HANDLE heritable(HANDLE handle)
{
    SetHandleInformation(handle, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    return handle;
}

static void every_kind_is_inherited(void)
{
    HANDLE mutex = heritable(CreateMutexA(NULL, TRUE, NULL)), event = heritable(CreateEventA(NULL, TRUE, FALSE, NULL));
    HANDLE semaphore = heritable(CreateSemaphoreA(NULL, 1, 1, NULL)),
           mapping = heritable(section(PAGE_READWRITE, 4096, NULL));
    HANDLE timer = heritable(CreateWaitableTimerA(NULL, TRUE, NULL)),
           process = duplicate(GetCurrentProcess(), 0, TRUE, DUPLICATE_SAME_ACCESS);
    char *view = view_all(mapping, FILE_MAP_WRITE);
    LARGE_INTEGER due;
    unsigned code;
    due.QuadPart = 0;
    SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
    await(timer);
    strcpy(view, "from the parent");
    code = finish(start_inheriting("user %s %s %s %s %s %s", handle_text(mutex), handle_text(event),
                                   handle_text(semaphore), handle_text(mapping), handle_text(timer),
                                   handle_text(process)));
    if (code)
        fprintf(stderr, "the child's code is %u\n", code);
    CHECK("9.3", code == 0, "unnamed objects of every kind are used by the child");
    CHECK("9.3", poll_once(event) == WAIT_OBJECT_0 && strcmp(view, "from the child") == 0, "which the parent sees");
    CHECK("9.3", ReleaseMutex(mutex), "mutex ownership stays with the parent");
    UnmapViewOfFile(view);
    CloseHandle(mutex);
    CloseHandle(event);
    CloseHandle(semaphore);
    CloseHandle(mapping);
    CloseHandle(timer);
    CloseHandle(process);
}

static int play_grandparent(char **arguments)
{
    return (int)finish(start_inheriting("heir %s", arguments[2]));
}

/* Waits for a handle that the parent puts here, and says what becomes of it. */
static int play_receiver(char **arguments)
{
    HANDLE mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, arguments[2]), go = signal_named(arguments[3]), mine;
    volatile ULONG_PTR *mail = (volatile ULONG_PTR *)(void *)view_all(mapping, FILE_MAP_WRITE);
    mine = CreateSemaphoreA(NULL, 3, 9, NULL);
    mail[1] = (ULONG_PTR)mine;
    SetEvent(text_handle(arguments[4]));
    if (await(go) != WAIT_OBJECT_0)
        return 1;
    if (poll_once((HANDLE)mail[0]) != WAIT_OBJECT_0)
        return 2;
    if (!ResetEvent((HANDLE)mail[0]))
        return 3;
    if (poll_once((HANDLE)mail[2]) != WAIT_FAILED || GetLastError() != 6)
        return 4;
    return 0;
}

static void into_and_out_of_a_process(void)
{
    const char *mail_name = named("mail"), *go_name = named("mail.go");
    HANDLE mapping = section(PAGE_READWRITE, 4096, mail_name), go = signal_named(go_name),
           ready = heritable(CreateEventA(NULL, TRUE, FALSE, NULL));
    volatile ULONG_PTR *mail = (volatile ULONG_PTR *)(void *)view_all(mapping, FILE_MAP_WRITE);
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, NULL), there = NULL, here = NULL, wrong = NULL, limited, child;
    LONG count = 0;
    child = start_inheriting("receiver %s %s %s", mail_name, go_name, handle_text(ready));
    demand(await(ready) == WAIT_OBJECT_0, "a child that receives handles");
    CHECK("9.4", DuplicateHandle(GetCurrentProcess(), event, child, &there, 0, FALSE, DUPLICATE_SAME_ACCESS) && there,
          "DuplicateHandle into another process");
    mail[0] = (ULONG_PTR)there;
    CHECK("9.4",
          DuplicateHandle(child, (HANDLE)mail[1], GetCurrentProcess(), &here, 0, FALSE, DUPLICATE_SAME_ACCESS) && here
              && ReleaseSemaphore(here, 1, &count) && count == 3,
          "and out of it");
    CHECK_ERROR("9.4",
                !DuplicateHandle(child, (HANDLE)(ULONG_PTR)0x7ffc, GetCurrentProcess(), &wrong, 0, FALSE,
                                 DUPLICATE_SAME_ACCESS),
                6, "an unknown handle there fails with 6");
    CHECK("9.4", DuplicateHandle(GetCurrentProcess(), event, child, &wrong, 0, FALSE, DUPLICATE_SAME_ACCESS) && wrong,
          "another one");
    mail[2] = (ULONG_PTR)wrong;
    CHECK("9.4",
          DuplicateHandle(child, wrong, GetCurrentProcess(), &wrong, 0, FALSE,
                          DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE)
              && SetEvent(wrong) && CloseHandle(wrong),
          "can be moved back, and is closed there");
    limited = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, GetProcessId(child));
    CHECK_ERROR("9.4", !DuplicateHandle(GetCurrentProcess(), event, limited, &wrong, 0, FALSE, DUPLICATE_SAME_ACCESS),
                5, "without PROCESS_DUP_HANDLE it fails with 5");
    CloseHandle(limited);
    SetEvent(go);
    CHECK("9.4", finish(child) == 0, "the child uses what it was given");
    CHECK("9.4", poll_once(event) == WAIT_TIMEOUT, "which is the same object");
    CHECK("9.4", ReleaseSemaphore(here, 1, &count) && count == 4, "what came out of it outlives it");
    CloseHandle(here);
    CloseHandle(event);
    CloseHandle(ready);
    CloseHandle(go);
    UnmapViewOfFile((const void *)mail);
    CloseHandle(mapping);
}

static void grandchildren(void)
{
    HANDLE event = heritable(CreateEventA(NULL, TRUE, FALSE, NULL));
    CHECK("9.3",
          finish(start_inheriting("grandparent %s", handle_text(event))) == 1 && poll_once(event) == WAIT_OBJECT_0,
          "still inheritable there: a grandchild inherits it too");
    CloseHandle(event);
}

int main(int count, char **arguments)
{
    watch();
    if (count >= 3 && strcmp(arguments[1], "heir") == 0)
        return play_heir(count, arguments);
    if (count == 8 && strcmp(arguments[1], "user") == 0)
        return play_user(arguments);
    if (count == 3 && strcmp(arguments[1], "grandparent") == 0)
        return play_grandparent(arguments);
    if (count == 5 && strcmp(arguments[1], "receiver") == 0)
        return play_receiver(arguments);
    values();
    thousands();
    closing();
    duplicates();
    access_of_duplicates();
    moves();
    strange_duplicates();
    inheritance();
    every_kind_is_inherited();
    grandchildren();
    into_and_out_of_a_process();
    return conclude();
}
