/* Statement B: waits and timers that call the program; barriers; lists that threads share; locks on parts of a file. */
#include "check.h"

enum { THREADS = 4, ENTRIES = 1000 };

static HANDLE called, go_on;
static volatile LONG calls, timeouts;

static VOID CALLBACK count_call(PVOID unused, BOOLEAN timed_out)
{
    (void)unused;
    InterlockedIncrement(&calls);
    if (timed_out)
        InterlockedIncrement(&timeouts);
    SetEvent(called);
}

static VOID CALLBACK stay(PVOID unused, BOOLEAN timed_out)
{
    (void)unused;
    (void)timed_out;
    SetEvent(called);
    await(go_on);
    InterlockedIncrement(&calls);
}

static void forget_calls(void)
{
    calls = timeouts = 0;
    ResetEvent(called);
    ResetEvent(go_on);
}

static void registered_waits(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), wait = NULL;
    int round;
    forget_calls();
    CHECK("B", RegisterWaitForSingleObject(&wait, event, count_call, NULL, INFINITE, WT_EXECUTEDEFAULT) && wait != NULL,
          "a wait is registered");
    for (round = 0; round < 3; round++) {
        SetEvent(event);
        await(called);
    }
    CHECK("B", UnregisterWaitEx(wait, INVALID_HANDLE_VALUE) && calls == 3 && timeouts == 0,
          "it calls each time, until it is unregistered");
    SetEvent(event);
    CHECK("B", WaitForSingleObject(called, SHORT_MS) == WAIT_TIMEOUT && poll_once(event) == WAIT_OBJECT_0,
          "and takes nothing any more");
    CHECK_ERROR("B", !UnregisterWaitEx(NULL, NULL), 6, "what is none fails with 6");
    CloseHandle(event);
}

static void single_waits(void)
{
    HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), over = CreateEventA(NULL, TRUE, FALSE, NULL), wait = NULL;
    forget_calls();
    RegisterWaitForSingleObject(&wait, event, count_call, NULL, SHORT_MS, WT_EXECUTEONLYONCE);
    CHECK("B", await(called) == WAIT_OBJECT_0 && WaitForSingleObject(called, 3 * SHORT_MS) == WAIT_TIMEOUT,
          "with WT_EXECUTEONLYONCE it calls once");
    CHECK("B", UnregisterWaitEx(wait, INVALID_HANDLE_VALUE) && calls == 1 && timeouts == 1,
          "and tells when its time was over");
    forget_calls();
    RegisterWaitForSingleObject(&wait, event, stay, NULL, INFINITE, WT_EXECUTEONLYONCE);
    SetEvent(event);
    await(called);
    CHECK_ERROR("B", !UnregisterWaitEx(wait, over), 997, "UnregisterWaitEx during a call fails with 997");
    CHECK("B", poll_once(over) == WAIT_TIMEOUT && calls == 0, "the call goes on");
    SetEvent(go_on);
    CHECK("B", await(over) == WAIT_OBJECT_0 && calls == 1, "and its end sets the event");
    CloseHandle(over);
    CloseHandle(event);
}

static void timer_queues(void)
{
    HANDLE queue = CreateTimerQueue(), once = NULL, often = NULL, late = NULL, over = CreateEventA(NULL, TRUE, FALSE, NULL);
    forget_calls();
    CHECK("B", CreateTimerQueueTimer(&late, queue, count_call, NULL, LIMIT_MS, 0, 0) && late != NULL, "a timer is made");
    CHECK("B", CreateTimerQueueTimer(&once, queue, count_call, NULL, 0, 0, 0) && await(called) == WAIT_OBJECT_0,
          "one that is due calls");
    CHECK("B", ChangeTimerQueueTimer(queue, once, 0, 1) && WaitForSingleObject(called, SHORT_MS) == WAIT_TIMEOUT,
          "once without a period, whatever it is changed to afterwards");
    CHECK("B", ChangeTimerQueueTimer(queue, late, 0, 0) && await(called) == WAIT_OBJECT_0, "before, it can be changed");
    CHECK("B", calls == 2 && timeouts == 2, "each call is told that time is over");
    CreateTimerQueueTimer(&often, queue, count_call, NULL, 1, 1, 0);
    await(called);
    await(called);
    CHECK("B", await(called) == WAIT_OBJECT_0 && DeleteTimerQueueTimer(queue, often, INVALID_HANDLE_VALUE),
          "with a period it calls again and again");
    forget_calls();
    CreateTimerQueueTimer(&once, queue, stay, NULL, 0, 0, 0);
    await(called);
    CHECK_ERROR("B", !DeleteTimerQueueTimer(queue, once, over), 997, "deleting it during a call fails with 997");
    SetEvent(go_on);
    CHECK("B", await(over) == WAIT_OBJECT_0 && calls == 1, "and the end of the call sets the event");
    CHECK("B", DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE), "a queue ends with its timers");
    CHECK_ERROR("B", !DeleteTimerQueueEx(NULL, NULL), 6, "the queue of the process stays: 6");
    CloseHandle(over);
}

static SYNCHRONIZATION_BARRIER barrier;
static volatile LONG arrived, last_ones;

static DWORD WINAPI enter_barrier(LPVOID unused)
{
    DWORD result = 0;
    int round;
    (void)unused;
    for (round = 1; round <= 100; round++) {
        InterlockedIncrement(&arrived);
        if (EnterSynchronizationBarrier(&barrier, 0))
            InterlockedIncrement(&last_ones);
        if (arrived < round * THREADS)
            result = 1;
    }
    return result;
}

static int everywhere(thread_function function)
{
    HANDLE threads[THREADS];
    DWORD result = 0;
    int index;
    for (index = 0; index < THREADS; index++)
        threads[index] = thread(function, NULL);
    for (index = 0; index < THREADS; index++)
        result |= join(threads[index]);
    return result == 0;
}

/* Wine 8 has the names only. */
static void barriers(void)
{
    int absent = runs_on_wine();
    CHECK_ERROR_WINDOWS("B", !absent && !InitializeSynchronizationBarrier(&barrier, 0, -1), 87,
                        "a barrier for nobody fails with 87");
    CHECK_ERROR_WINDOWS("B", !absent && !InitializeSynchronizationBarrier(&barrier, 1, -2), 87,
                        "so does a number of spins below -1");
    CHECK_WINDOWS("B",
                  !absent && InitializeSynchronizationBarrier(&barrier, THREADS, -1) && everywhere(enter_barrier),
                  "nobody leaves a barrier before all have come");
    CHECK_WINDOWS("B", last_ones == 100, "and each time one is told that it was the last");
    CHECK_WINDOWS("B", !absent && DeleteSynchronizationBarrier(&barrier), "it is deleted");
}

struct numbered_entry {
    SLIST_ENTRY entry;
    LONG number;
};

static SLIST_HEADER list;
static struct numbered_entry entries[ENTRIES];
static volatile LONG sum;

static DWORD WINAPI move_entries(LPVOID unused)
{
    int round;
    (void)unused;
    for (round = 0; round < 20 * ENTRIES; round++) {
        PSLIST_ENTRY entry = InterlockedPopEntrySList(&list);
        if (entry != NULL) {
            InterlockedIncrement(&((struct numbered_entry *)entry)->number);
            InterlockedIncrement(&sum);
            InterlockedPushEntrySList(&list, entry);
        }
    }
    return 0;
}

static void lists(void)
{
    PSLIST_ENTRY entry;
    LONG found = 0, total = 0;
    int index;
    memset(&list, 0xff, sizeof list);
    InitializeSListHead(&list);
    CHECK("B", QueryDepthSList(&list) == 0 && InterlockedPopEntrySList(&list) == NULL, "a new list is empty");
    CHECK("B", InterlockedPushEntrySList(&list, &entries[0].entry) == NULL, "what is pushed first finds nothing there");
    CHECK("B", InterlockedPushEntrySList(&list, &entries[1].entry) == &entries[0].entry && QueryDepthSList(&list) == 2,
          "the next one what was on top");
    CHECK("B", InterlockedPopEntrySList(&list) == &entries[1].entry, "which comes last comes out first");
    for (index = 1; index < ENTRIES; index++)
        InterlockedPushEntrySList(&list, &entries[index].entry);
    everywhere(move_entries);
    CHECK("B", QueryDepthSList(&list) == ENTRIES, "threads lose no entry");
    for (entry = InterlockedFlushSList(&list); entry != NULL; entry = entry->Next, found++)
        total += ((struct numbered_entry *)entry)->number;
    CHECK("B", found == ENTRIES && total == sum, "and have each for themselves");
    CHECK("B", QueryDepthSList(&list) == 0 && InterlockedFlushSList(&list) == NULL, "what is flushed is empty");
}

static BOOL lock_part(HANDLE file, DWORD flags, DWORD offset, DWORD bytes)
{
    OVERLAPPED where;
    memset(&where, 0, sizeof where);
    where.Offset = offset;
    return LockFileEx(file, flags, 0, bytes, 0, &where);
}

static BOOL unlock_part(HANDLE file, DWORD offset, DWORD bytes)
{
    OVERLAPPED where;
    memset(&where, 0, sizeof where);
    where.Offset = offset;
    return UnlockFileEx(file, 0, bytes, 0, &where);
}

static HANDLE waiting_file;

static DWORD WINAPI lock_at_last(LPVOID unused)
{
    (void)unused;
    return lock_part(waiting_file, LOCKFILE_EXCLUSIVE_LOCK, 0, 30) ? 1 : GetLastError();
}

static void locks(void)
{
    const DWORD at_once = LOCKFILE_FAIL_IMMEDIATELY, alone = LOCKFILE_FAIL_IMMEDIATELY | LOCKFILE_EXCLUSIVE_LOCK;
    const char *path = temporary("locks");
    HANDLE one = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, CREATE_ALWAYS, 0,
                             NULL);
    HANDLE other = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
                               0, NULL);
    HANDLE waiter;
    CHECK("B", lock_part(one, at_once, 0, 10) && lock_part(other, at_once, 5, 10), "locks that are shared overlap");
    CHECK_ERROR("B", !lock_part(other, alone, 0, 1), 33, "one that is exclusive does not: 33");
    CHECK("B", lock_part(one, at_once, 5, 10) && unlock_part(one, 0, 10), "a handle has several");
    CHECK("B", lock_part(other, alone, 0, 5) && unlock_part(other, 0, 5), "freeing one frees what no other one covers");
    CHECK("B", unlock_part(other, 5, 10), "and no more");
    CHECK_ERROR("B", !lock_part(other, alone, 5, 5), 33, "which stays locked");
    waiting_file = other;
    waiter = thread(lock_at_last, NULL);
    CHECK("B", WaitForSingleObject(waiter, SHORT_MS) == WAIT_TIMEOUT, "without LOCKFILE_FAIL_IMMEDIATELY it waits");
    CHECK("B", unlock_part(one, 5, 10) && join(waiter) == 1, "until the range is free");
    CHECK_ERROR_WINDOWS("B", !unlock_part(other, 0, 29), 158, "another range is not what is locked: 158");
    CloseHandle(other);
    CHECK("B", lock_part(one, alone, 0, 30), "closing the handle frees it");
    CloseHandle(one);
    DeleteFileA(path);
}

int main(void)
{
    watch();
    called = CreateEventA(NULL, FALSE, FALSE, NULL);
    go_on = CreateEventA(NULL, TRUE, FALSE, NULL);
    registered_waits();
    single_waits();
    timer_queues();
    barriers();
    lists();
    locks();
    return conclude();
}
