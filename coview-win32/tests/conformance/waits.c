/* Section 8: waits. */
#include "check.h"

static HANDLE manual_event(int set)
{
    return CreateEventA(NULL, TRUE, set, NULL);
}

static HANDLE auto_event(int set)
{
    return CreateEventA(NULL, FALSE, set, NULL);
}

static DWORD WINAPI set_later(LPVOID event)
{
    Sleep(40);
    SetEvent(event);
    return 0;
}

static DWORD WINAPI returns_five(LPVOID unused)
{
    (void)unused;
    return 5;
}

static void times(void)
{
    HANDLE event = auto_event(0), setter;
    double begin = now_ms();
    DWORD timeouts[] = {1, 15, 30, 100}, at, early = 0;
    CHECK("8.1", WaitForSingleObject(event, 0) == WAIT_TIMEOUT, "0 polls");
    for (at = 0; at < 4; at++) {
        begin = now_ms();
        WaitForSingleObject(event, timeouts[at]);
        early += now_ms() - begin + 0.05 < timeouts[at];
    }
    CHECK("8.1", early == 0, "timed waits never return early");
    SetLastError(UNTOUCHED);
    CHECK("8.1", WaitForSingleObject(event, 1) == 258 && GetLastError() == UNTOUCHED,
          "a timeout is 258 and leaves the last error alone");
    setter = thread(set_later, event);
    CHECK("8.1", WaitForSingleObject(event, INFINITE) == WAIT_OBJECT_0, "INFINITE waits as long as it takes");
    join(setter);
    setter = thread(set_later, event);
    CHECK("8.1", WaitForSingleObject(event, 0xfffffffe) == WAIT_OBJECT_0, "FFFFFFFE is a long timeout");
    join(setter);
    begin = now_ms();
    setter = thread(set_later, event);
    CHECK("8.1", await(event) == WAIT_OBJECT_0 && now_ms() - begin < 5000, "a signal ends a timed wait");
    join(setter);
    CHECK("8.1",
          WAIT_OBJECT_0 == 0 && WAIT_ABANDONED_0 == 0x80 && WAIT_IO_COMPLETION == 0xc0 && WAIT_FAILED == 0xffffffff,
          "the results have Windows' numbers");
    CloseHandle(event);
}

static HANDLE with_bits(HANDLE handle, ULONG_PTR bits)
{
    return (HANDLE)((ULONG_PTR)handle | bits);
}

static void strange_handles(void)
{
    HANDLE event = manual_event(1), closed = manual_event(1);
    CHECK("8.2",
          poll_once(with_bits(event, 1)) == WAIT_OBJECT_0 && poll_once(with_bits(event, 2)) == WAIT_OBJECT_0
              && poll_once(with_bits(event, 3)) == WAIT_OBJECT_0,
          "the two low bits of a handle are ignored");
    CHECK("8.2", ResetEvent(with_bits(event, 3)) && poll_once(event) == WAIT_TIMEOUT && SetEvent(with_bits(event, 1)),
          "by other functions too");
    CHECK_ERROR("8.2", poll_once(NULL) == WAIT_FAILED, 6, "NULL fails with 6");
    CHECK_ERROR("8.2", poll_once((HANDLE)(ULONG_PTR)0x7ffc) == WAIT_FAILED, 6, "an unknown handle too");
    CHECK_ERROR("8.2", poll_once((HANDLE)(ULONG_PTR)0x123456789abc) == WAIT_FAILED, 6, "an absurd one too");
    CloseHandle(closed);
    CHECK_ERROR("8.2", poll_once(closed) == WAIT_FAILED, 6, "a closed one too");
    SetLastError(UNTOUCHED);
    CHECK("8.2", WaitForSingleObject(INVALID_HANDLE_VALUE, 0) == WAIT_TIMEOUT && GetLastError() == UNTOUCHED,
          "INVALID_HANDLE_VALUE is the current process: a timeout, no error");
    CHECK("8.2",
          WaitForSingleObject(GetCurrentProcess(), SHORT_MS) == WAIT_TIMEOUT
              && GetCurrentProcess() == INVALID_HANDLE_VALUE,
          "and so GetCurrentProcess()");
    CHECK("8.2", poll_once(GetCurrentThread()) == WAIT_TIMEOUT, "GetCurrentThread() times out too");
    CHECK("8.2", CloseHandle(INVALID_HANDLE_VALUE), "CloseHandle(-1) is TRUE");
    CHECK("8.2", CloseHandle(GetCurrentThread()), "and so CloseHandle(-2)");
    CloseHandle(with_bits(event, 3));
    CHECK_ERROR("8.2", poll_once(event) == WAIT_FAILED, 6, "CloseHandle ignores the low bits too");
}

static void arrays(void)
{
    HANDLE events[65];
    int at;
    for (at = 0; at < 65; at++)
        events[at] = auto_event(0);
    SetEvent(events[63]);
    CHECK("8.3", WaitForMultipleObjects(64, events, FALSE, 0) == WAIT_OBJECT_0 + 63, "64 handles can be waited for");
    CHECK("8.3", WaitForMultipleObjects(64, events, FALSE, 1) == WAIT_TIMEOUT, "and time out");
    CHECK_ERROR("8.3", WaitForMultipleObjects(65, events, FALSE, 0) == WAIT_FAILED, 87, "65 fail with 87");
    CHECK_ERROR("8.3", WaitForMultipleObjects(0, events, FALSE, 0) == WAIT_FAILED, 87, "0 fail with 87");
    for (at = 0; at < 64; at++)
        SetEvent(events[at]);
    CHECK("8.3", WaitForMultipleObjects(64, events, TRUE, 0) == WAIT_OBJECT_0, "64 for all");
    CHECK("8.3", WaitForMultipleObjects(64, events, FALSE, 0) == WAIT_TIMEOUT, "which takes from every one");
    SetEvent(events[0]);
    CHECK("8.3", WaitForMultipleObjects(1, events, TRUE, 0) == WAIT_OBJECT_0, "1 is fine too");
    for (at = 0; at < 65; at++)
        CloseHandle(events[at]);
}

static void bad_handles_in_arrays(void)
{
    HANDLE objects[3];
    objects[0] = auto_event(1);
    objects[1] = auto_event(1);
    objects[2] = (HANDLE)(ULONG_PTR)0x7ffc;
    CHECK_ERROR("8.3", WaitForMultipleObjects(3, objects, FALSE, 0) == WAIT_FAILED, 6,
                "one bad handle fails the call with 6");
    CHECK_ERROR("8.3", WaitForMultipleObjects(3, objects, TRUE, 0) == WAIT_FAILED, 6, "for all too");
    CHECK("8.3", poll_once(objects[0]) == WAIT_OBJECT_0 && poll_once(objects[1]) == WAIT_OBJECT_0,
          "without touching anything");
    SetEvent(objects[0]);
    objects[2] = CreateEventExA(NULL, NULL, 0, EVENT_MODIFY_STATE);
    CHECK_ERROR("8.3", WaitForMultipleObjects(3, objects, FALSE, 0) == WAIT_FAILED, 5,
                "one without SYNCHRONIZE fails it with 5");
    CHECK("8.3", poll_once(objects[0]) == WAIT_OBJECT_0, "without touching anything");
    CloseHandle(objects[2]);
    SetEvent(objects[0]);
    objects[2] = GetCurrentProcess();
    CHECK_WINDOWS("8.3", ERROR_OF(WaitForMultipleObjects(3, objects, FALSE, 0) != WAIT_FAILED) == 6,
                  "pseudo handles fail it with 6");
    SetEvent(objects[0]);
    objects[2] = GetCurrentThread();
    CHECK_WINDOWS("8.3", ERROR_OF(WaitForMultipleObjects(3, objects, FALSE, 0) != WAIT_FAILED) == 6,
                  "the thread's too");
    CloseHandle(objects[0]);
    CloseHandle(objects[1]);
}

static void any(void)
{
    HANDLE objects[3];
    int at;
    for (at = 0; at < 3; at++)
        objects[at] = auto_event(at > 0);
    CHECK("8.4", WaitForMultipleObjects(3, objects, FALSE, 0) == WAIT_OBJECT_0 + 1,
          "any: the lowest signaled index wins");
    CHECK("8.4", poll_once(objects[1]) == WAIT_TIMEOUT && poll_once(objects[2]) == WAIT_OBJECT_0,
          "only that object is changed");
    CloseHandle(objects[1]);
    objects[1] = CreateMutexA(NULL, TRUE, NULL);
    CHECK("8.4", WaitForMultipleObjects(3, objects, FALSE, 0) == WAIT_OBJECT_0 + 1,
          "a mutex that the caller owns counts as signaled");
    CHECK("8.4", ReleaseMutex(objects[1]) && ReleaseMutex(objects[1]) && !ReleaseMutex(objects[1]),
          "and gains a level");
    for (at = 0; at < 3; at++)
        CloseHandle(objects[at]);
}

static DWORD WINAPI set_two_in_turn(LPVOID events)
{
    HANDLE *objects = events;
    Sleep(30);
    SetEvent(objects[1]);
    Sleep(30);
    SetEvent(objects[0]);
    return 0;
}

static void all(void)
{
    HANDLE objects[3], setter, mutex = CreateMutexA(NULL, TRUE, NULL);
    objects[0] = auto_event(1);
    objects[1] = auto_event(0);
    objects[2] = CreateSemaphoreA(NULL, 1, 1, NULL);
    CHECK("8.4", WaitForMultipleObjects(3, objects, TRUE, SHORT_MS) == WAIT_TIMEOUT,
          "all: times out while one is not signaled");
    CHECK("8.4", poll_once(objects[0]) == WAIT_OBJECT_0 && poll_once(objects[2]) == WAIT_OBJECT_0,
          "and nothing is consumed");
    ReleaseSemaphore(objects[2], 1, NULL);
    setter = thread(set_two_in_turn, objects);
    CHECK("8.4", WaitForMultipleObjects(3, objects, TRUE, LIMIT_MS) == WAIT_OBJECT_0,
          "all: waits until all are signaled");
    CHECK("8.4",
          poll_once(objects[0]) == WAIT_TIMEOUT && poll_once(objects[1]) == WAIT_TIMEOUT
              && poll_once(objects[2]) == WAIT_TIMEOUT,
          "and consumes them at once");
    join(setter);
    CloseHandle(objects[2]);
    objects[2] = mutex;
    SetEvent(objects[0]);
    SetEvent(objects[1]);
    CHECK("8.4", WaitForMultipleObjects(3, objects, TRUE, 0) == WAIT_OBJECT_0,
          "all: with a mutex that the caller owns");
    CHECK("8.4", ReleaseMutex(mutex) && ReleaseMutex(mutex) && !ReleaseMutex(mutex), "which gains a level");
    CloseHandle(objects[0]);
    CloseHandle(objects[1]);
    CloseHandle(mutex);
}

static DWORD WINAPI wait_for_both(LPVOID events)
{
    return WaitForMultipleObjects(2, events, TRUE, LIMIT_MS);
}

static void others_may_take(void)
{
    HANDLE events[2], waiter;
    events[0] = auto_event(1);
    events[1] = auto_event(0);
    waiter = thread(wait_for_both, events);
    settle(1);
    CHECK("8.4", poll_once(events[0]) == WAIT_OBJECT_0, "others may take while somebody waits for all");
    SetEvent(events[1]);
    CHECK("8.4", WaitForSingleObject(waiter, SHORT_MS) == WAIT_TIMEOUT, "who then goes on waiting");
    SetEvent(events[0]);
    CHECK("8.4", join(waiter) == WAIT_OBJECT_0, "until all are signaled at once");
    CloseHandle(events[0]);
    CloseHandle(events[1]);
}

struct pair {
    HANDLE objects[2];
    volatile LONG *inside;
};

static DWORD WINAPI take_both(LPVOID argument)
{
    struct pair *pair = argument;
    DWORD round, clashes = 0;
    for (round = 0; round < 1000; round++) {
        if (WaitForMultipleObjects(2, pair->objects, TRUE, LIMIT_MS) != WAIT_OBJECT_0)
            return 1000000;
        clashes += InterlockedIncrement(pair->inside) != 1;
        InterlockedDecrement(pair->inside);
        SetEvent(pair->objects[0]);
        SetEvent(pair->objects[1]);
    }
    return clashes;
}

static void opposite_orders(void)
{
    HANDLE one = auto_event(1), two = auto_event(1), threads[4];
    volatile LONG inside = 0;
    struct pair straight = {{NULL, NULL}, NULL}, crossed;
    DWORD failures = 0;
    int at;
    straight.objects[0] = crossed.objects[1] = one;
    straight.objects[1] = crossed.objects[0] = two;
    straight.inside = crossed.inside = &inside;
    for (at = 0; at < 4; at++)
        threads[at] = thread(take_both, at % 2 ? &crossed : &straight);
    for (at = 0; at < 4; at++)
        failures += join(threads[at]);
    CHECK("8.4", failures == 0, "opposite orders cannot deadlock");
    CloseHandle(one);
    CloseHandle(two);
}

/* Takes both mutexes again and again, in one of the two orders, and counts what happens inside. */
static int play_both(const char *prefix, int crossed)
{
    char name[400];
    HANDLE mutexes[2], mapping;
    volatile LONG *counter;
    int at, round;
    for (at = 0; at < 2; at++) {
        snprintf(name, sizeof name, "%s.%d", prefix, at);
        mutexes[at ^ crossed] = OpenMutexA(SYNCHRONIZE, FALSE, name);
    }
    snprintf(name, sizeof name, "%s.counter", prefix);
    mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
    counter = (volatile LONG *)(void *)view_all(mapping, FILE_MAP_WRITE);
    for (round = 0; round < 500; round++) {
        if (WaitForMultipleObjects(2, mutexes, TRUE, LIMIT_MS) != WAIT_OBJECT_0)
            return 1;
        counter[0] = counter[0] + 1;
        if (!ReleaseMutex(mutexes[0]) || !ReleaseMutex(mutexes[1]))
            return 2;
    }
    return 0;
}

static void opposite_orders_of_processes(void)
{
    const char *prefix = named("both");
    char name[400];
    HANDLE mutexes[2], mapping, children[4];
    volatile LONG *counter;
    unsigned at, failures = 0;
    for (at = 0; at < 2; at++) {
        snprintf(name, sizeof name, "%s.%u", prefix, at);
        mutexes[at] = CreateMutexA(NULL, FALSE, name);
    }
    snprintf(name, sizeof name, "%s.counter", prefix);
    mapping = section(PAGE_READWRITE, 4096, name);
    counter = (volatile LONG *)(void *)view_all(mapping, FILE_MAP_WRITE);
    for (at = 0; at < 4; at++)
        children[at] = start("both %s %u", prefix, at % 2);
    for (at = 0; at < 4; at++)
        failures += finish(children[at]);
    CHECK("8.4", failures == 0 && counter[0] == 2000, "nor processes, with mutexes");
    UnmapViewOfFile((const void *)counter);
    CloseHandle(mapping);
    CloseHandle(mutexes[0]);
    CloseHandle(mutexes[1]);
}

static void same_object_twice(void)
{
    HANDLE objects[2], copy = NULL;
    objects[0] = objects[1] = auto_event(1);
    CHECK("8.5", WaitForMultipleObjects(2, objects, FALSE, 0) == WAIT_OBJECT_0, "any: the same object twice is fine");
    SetEvent(objects[0]);
    CHECK_WINDOWS("8.5", ERROR_OF(WaitForMultipleObjects(2, objects, TRUE, 0) != WAIT_FAILED) == 87,
                  "all: it fails with 87");
    DuplicateHandle(GetCurrentProcess(), objects[0], GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
    objects[1] = copy;
    SetEvent(objects[0]);
    CHECK("8.5", WaitForMultipleObjects(2, objects, FALSE, 0) == WAIT_OBJECT_0, "any: two handles of one object too");
    SetEvent(objects[0]);
    CHECK_WINDOWS("8.5", ERROR_OF(WaitForMultipleObjects(2, objects, TRUE, 0) != WAIT_FAILED) == 87,
                  "all: so do two handles of one object");
    CloseHandle(objects[0]);
    CloseHandle(copy);
    objects[0] = CreateEventA(NULL, TRUE, TRUE, named("twice"));
    objects[1] = OpenEventA(SYNCHRONIZE, FALSE, named("twice"));
    CHECK_WINDOWS("8.5", ERROR_OF(WaitForMultipleObjects(2, objects, TRUE, 0) != WAIT_FAILED) == 87,
                  "all: also if it was opened by name");
    CloseHandle(objects[0]);
    CloseHandle(objects[1]);
}

static volatile LONG calls;

static VOID CALLBACK call(ULONG_PTR step)
{
    calls += (LONG)step;
}

static VOID CALLBACK call_that_queues(ULONG_PTR step)
{
    calls += (LONG)step;
    QueueUserAPC(call, GetCurrentThread(), 100);
}

static void alertable_waits(void)
{
    HANDLE event = auto_event(1), two[2];
    calls = 0;
    CHECK("8.6", QueueUserAPC(call, GetCurrentThread(), 1) != 0, "an APC is queued");
    CHECK("8.6", WaitForSingleObjectEx(event, LIMIT_MS, TRUE) == WAIT_OBJECT_0 && calls == 0,
          "a signaled object satisfies the wait first");
    CHECK("8.6", WaitForSingleObjectEx(event, SHORT_MS, FALSE) == WAIT_TIMEOUT && calls == 0,
          "a wait that is not alertable runs none");
    Sleep(1);
    CHECK("8.6", poll_once(event) == WAIT_TIMEOUT && calls == 0, "nor does Sleep or WaitForSingleObject");
    QueueUserAPC(call, GetCurrentThread(), 10);
    CHECK("8.6", WaitForSingleObjectEx(event, LIMIT_MS, TRUE) == WAIT_IO_COMPLETION && calls == 11,
          "if the wait would block, all queued APCs run and the result is C0");
    CHECK("8.6", WaitForSingleObjectEx(event, 1, TRUE) == WAIT_TIMEOUT, "and none is left");
    QueueUserAPC(call, GetCurrentThread(), 1);
    CHECK("8.6", SleepEx(LIMIT_MS, TRUE) == WAIT_IO_COMPLETION && calls == 12, "SleepEx runs them too");
    CHECK("8.6", SleepEx(1, TRUE) == 0, "and returns 0 without");
    QueueUserAPC(call, GetCurrentThread(), 1);
    CHECK("8.6", SleepEx(0, TRUE) == WAIT_IO_COMPLETION && calls == 13, "also without time");
    QueueUserAPC(call, GetCurrentThread(), 1);
    CHECK("8.6", WaitForSingleObjectEx(event, 0, TRUE) == WAIT_IO_COMPLETION && calls == 14, "and so a wait of time 0");
    two[0] = event;
    two[1] = auto_event(0);
    QueueUserAPC(call, GetCurrentThread(), 1);
    CHECK("8.6", WaitForMultipleObjectsEx(2, two, FALSE, LIMIT_MS, TRUE) == WAIT_IO_COMPLETION && calls == 15,
          "WaitForMultipleObjectsEx: any");
    SetEvent(event);
    QueueUserAPC(call, GetCurrentThread(), 1);
    CHECK("8.6", WaitForMultipleObjectsEx(2, two, TRUE, LIMIT_MS, TRUE) == WAIT_IO_COMPLETION && calls == 16,
          "and all");
    CHECK("8.6", poll_once(event) == WAIT_OBJECT_0, "which then takes nothing");
    calls = 0;
    QueueUserAPC(call_that_queues, GetCurrentThread(), 1);
    CHECK("8.6", SleepEx(LIMIT_MS, TRUE) == WAIT_IO_COMPLETION && calls == 101,
          "an APC that is queued by an APC runs in the same wait");
    CloseHandle(two[1]);
    CloseHandle(event);
}

static DWORD WINAPI wait_alertably(LPVOID event)
{
    return WaitForSingleObjectEx(event, LIMIT_MS, TRUE);
}

static DWORD WINAPI wait_plainly(LPVOID event)
{
    return await(event);
}

static void calls_to_other_threads(void)
{
    HANDLE event = auto_event(0), waiter = thread(wait_alertably, event);
    calls = 0;
    settle(1);
    QueueUserAPC(call, waiter, 7);
    CHECK("8.6", join(waiter) == WAIT_IO_COMPLETION && calls == 7, "an APC wakes a thread that waits alertably");
    waiter = thread(wait_plainly, event);
    settle(1);
    QueueUserAPC(call, waiter, 7);
    CHECK("8.6", WaitForSingleObject(waiter, SHORT_MS) == WAIT_TIMEOUT, "and not one that does not");
    SetEvent(event);
    CHECK("8.6", join(waiter) == WAIT_OBJECT_0 && calls == 7, "nor does it run when that thread ends");
    CloseHandle(event);
}

static void signal_and_wait_checks(void)
{
    HANDLE event = auto_event(0), semaphore = CreateSemaphoreA(NULL, 1, 1, NULL),
           mutex = CreateMutexA(NULL, FALSE, NULL);
    HANDLE waits = CreateEventExA(NULL, named("limited"), 0, SYNCHRONIZE),
           sets = OpenEventA(EVENT_MODIFY_STATE, FALSE, named("limited"));
    HANDLE mapping = section(PAGE_READWRITE, 4096, NULL), ready = auto_event(1);
    CHECK_ERROR("8.7", SignalObjectAndWait(event, sets, 0, FALSE) == WAIT_FAILED, 5,
                "waiting without SYNCHRONIZE fails with 5");
    CHECK("8.7", poll_once(event) == WAIT_TIMEOUT, "before anything is signaled");
    CHECK_ERROR("8.7", SignalObjectAndWait(waits, ready, 0, FALSE) == WAIT_FAILED, 5,
                "signaling without EVENT_MODIFY_STATE fails with 5");
    CHECK_ERROR("8.7", SignalObjectAndWait(mapping, ready, 0, FALSE) == WAIT_FAILED, 6,
                "signaling a section fails with 6");
    CHECK_ERROR("8.7", SignalObjectAndWait(NULL, ready, 0, FALSE) == WAIT_FAILED, 6, "and nothing too");
    CHECK_ERROR("8.7", SignalObjectAndWait(event, NULL, 0, FALSE) == WAIT_FAILED, 6,
                "waiting for nothing fails with 6");
    CHECK("8.7", poll_once(event) == WAIT_TIMEOUT, "before anything is signaled");
    CHECK_ERROR("8.7", SignalObjectAndWait(semaphore, ready, 0, FALSE) == WAIT_FAILED, 298,
                "a full semaphore fails with 298");
    CHECK_ERROR("8.7", SignalObjectAndWait(mutex, ready, 0, FALSE) == WAIT_FAILED, 288,
                "a mutex that is not owned fails with 288");
    CHECK("8.7", poll_once(ready) == WAIT_OBJECT_0, "and nothing is waited for");
    CloseHandle(event);
    CloseHandle(semaphore);
    CloseHandle(mutex);
    CloseHandle(waits);
    CloseHandle(sets);
    CloseHandle(mapping);
    CloseHandle(ready);
}

static void signal_and_wait(void)
{
    HANDLE event = auto_event(0), never = auto_event(0), semaphore = CreateSemaphoreA(NULL, 0, 1, NULL);
    HANDLE mutex = CreateMutexA(NULL, TRUE, NULL);
    CHECK("8.7", SignalObjectAndWait(event, never, SHORT_MS, FALSE) == WAIT_TIMEOUT, "the wait may time out");
    CHECK("8.7", poll_once(event) == WAIT_OBJECT_0, "the signal stays done");
    CHECK("8.7", SignalObjectAndWait(event, event, 0, FALSE) == WAIT_OBJECT_0 && poll_once(event) == WAIT_TIMEOUT,
          "one event for both is signaled, then consumed");
    CHECK("8.7",
          SignalObjectAndWait(semaphore, event, 0, FALSE) == WAIT_TIMEOUT && poll_once(semaphore) == WAIT_OBJECT_0,
          "a semaphore is released by one");
    CHECK("8.7", SignalObjectAndWait(mutex, event, 0, FALSE) == WAIT_TIMEOUT && !ReleaseMutex(mutex),
          "a mutex is released");
    calls = 0;
    QueueUserAPC(call, GetCurrentThread(), 3);
    CHECK("8.7", SignalObjectAndWait(event, never, LIMIT_MS, TRUE) == WAIT_IO_COMPLETION && calls == 3,
          "it may be alertable");
    CloseHandle(event);
    CloseHandle(never);
    CloseHandle(semaphore);
    CloseHandle(mutex);
}

static DWORD WINAPI answer(LPVOID argument)
{
    HANDLE *events = argument;
    int round;
    for (round = 0; round < 300; round++)
        if (await(events[0]) != WAIT_OBJECT_0 || !SetEvent(events[1]))
            return 1;
    return 0;
}

static void signal_and_wait_in_turn(void)
{
    HANDLE events[2], other;
    int round, right = 0;
    events[0] = auto_event(0);
    events[1] = auto_event(0);
    other = thread(answer, events);
    for (round = 0; round < 300; round++)
        right += SignalObjectAndWait(events[0], events[1], LIMIT_MS, FALSE) == WAIT_OBJECT_0;
    CHECK("8.7", right == 300 && join(other) == 0, "two threads take turns by it");
    CloseHandle(events[0]);
    CloseHandle(events[1]);
}

static void threads_and_processes(void)
{
    HANDLE event = manual_event(0), running = thread(wait_plainly, event), process, objects[2];
    DWORD code = 0;
    CHECK("8.8", poll_once(running) == WAIT_TIMEOUT, "a running thread is not signaled");
    CHECK("8.8", GetExitCodeThread(running, &code) && code == 259, "its exit code is 259");
    objects[0] = running;
    objects[1] = auto_event(0);
    SetEvent(event);
    CHECK("8.8", WaitForMultipleObjects(2, objects, FALSE, LIMIT_MS) == WAIT_OBJECT_0, "its end signals it");
    CHECK("8.8", poll_once(running) == WAIT_OBJECT_0 && poll_once(running) == WAIT_OBJECT_0, "it stays signaled");
    CHECK("8.8", GetExitCodeThread(running, &code) && code == WAIT_OBJECT_0, "and has its exit code");
    CloseHandle(running);
    CHECK("8.8", in_thread(returns_five, NULL) == 5, "which is what its function returned");
    CloseHandle(event);

    event = CreateEventA(NULL, TRUE, FALSE, named("process"));
    process = start("process %s", named("process"));
    CHECK("8.8", WaitForSingleObject(process, SHORT_MS) == WAIT_TIMEOUT, "a running process is not signaled");
    CHECK("8.8", GetExitCodeProcess(process, &code) && code == 259, "its exit code is 259");
    SetEvent(event);
    objects[0] = process;
    CHECK("8.8", WaitForMultipleObjects(2, objects, FALSE, LIMIT_MS) == WAIT_OBJECT_0, "its end signals it");
    CHECK("8.8", poll_once(process) == WAIT_OBJECT_0 && poll_once(process) == WAIT_OBJECT_0, "it stays signaled");
    CHECK("8.8", GetExitCodeProcess(process, &code) && code == 77, "and has its exit code");
    CloseHandle(process);
    CloseHandle(objects[1]);
    CloseHandle(event);
}

static int play_process(const char *name)
{
    HANDLE event = OpenEventA(SYNCHRONIZE, FALSE, name);
    return await(event) == WAIT_OBJECT_0 ? 77 : 1;
}

int main(int count, char **arguments)
{
    watch();
    if (count == 4 && strcmp(arguments[1], "both") == 0)
        return play_both(arguments[2], atoi(arguments[3]));
    if (count == 3 && strcmp(arguments[1], "process") == 0)
        return play_process(arguments[2]);
    times();
    strange_handles();
    arrays();
    bad_handles_in_arrays();
    any();
    all();
    others_may_take();
    opposite_orders();
    opposite_orders_of_processes();
    same_object_twice();
    alertable_waits();
    calls_to_other_threads();
    signal_and_wait_checks();
    signal_and_wait();
    signal_and_wait_in_turn();
    threads_and_processes();
    return conclude();
}
