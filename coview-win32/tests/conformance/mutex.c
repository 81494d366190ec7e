/* Section 5: mutexes. */
#include "check.h"

static DWORD WINAPI take_and_end(LPVOID mutex)
{
    return await(mutex);
}

static DWORD WINAPI release_elsewhere(LPVOID mutex)
{
    return ERROR_OF(ReleaseMutex(mutex));
}

static DWORD WINAPI take_and_give(LPVOID mutex)
{
    DWORD result = await(mutex);
    return ReleaseMutex(mutex) ? result : 0xffff;
}

/* Whether the mutex is free: another thread can take it, and gives it back. */
static int is_free(HANDLE mutex)
{
    return in_thread(take_and_give, mutex) == WAIT_OBJECT_0;
}

static int is_taken(HANDLE mutex)
{
    return poll_elsewhere(mutex) == WAIT_TIMEOUT;
}

static void recursion(void)
{
    HANDLE mutex = CreateMutexA(NULL, FALSE, NULL);
    int level, taken = 0, given = 0;
    CHECK("5.1", poll_once(mutex) == WAIT_OBJECT_0 && is_taken(mutex),
          "the thread that waited owns it, others time out");
    CHECK("5.1", poll_once(mutex) == WAIT_OBJECT_0, "the owner may take it again");
    ReleaseMutex(mutex);
    CHECK("5.1", is_taken(mutex), "each wait needs one ReleaseMutex");
    ReleaseMutex(mutex);
    CHECK("5.1", is_free(mutex), "after which it is free");
    CHECK_ERROR("5.1", !ReleaseMutex(mutex), ERROR_NOT_OWNER, "one ReleaseMutex too many fails with 288");
    for (level = 0; level < 100000; level++)
        taken += poll_once(mutex) == WAIT_OBJECT_0;
    for (level = 0; level < 99999; level++)
        given += ReleaseMutex(mutex) != 0;
    CHECK("5.1", taken == 100000 && given == 99999 && is_taken(mutex), "100000 levels are taken and given back");
    CHECK("5.1", ReleaseMutex(mutex) && is_free(mutex), "the last one frees it");
    poll_once(mutex);
    CHECK("5.1", in_thread(release_elsewhere, mutex) == ERROR_NOT_OWNER,
          "another thread's ReleaseMutex fails with 288");
    CHECK("5.1", is_taken(mutex) && ReleaseMutex(mutex), "and changes nothing");
    CloseHandle(mutex);
}

static void initial_owner(void)
{
    HANDLE mutex = CreateMutexA(NULL, TRUE, named("owner")), again;
    CHECK("5.2", mutex && GetLastError() == 0 && is_taken(mutex), "bInitialOwner makes the creator the owner");
    again = CreateMutexA(NULL, TRUE, named("owner"));
    CHECK("5.2", again && GetLastError() == ERROR_ALREADY_EXISTS, "with an existing name it gets 183");
    ReleaseMutex(mutex);
    CHECK("5.2", is_free(mutex), "and adds no level for the owner");
    CloseHandle(again);
    again = CreateMutexA(NULL, TRUE, named("owner"));
    CHECK("5.2", is_free(mutex), "nor ownership for anybody");
    CloseHandle(again);
    again = CreateMutexExA(NULL, named("owner"), CREATE_MUTEX_INITIAL_OWNER, MUTEX_ALL_ACCESS);
    CHECK("5.2", again && GetLastError() == ERROR_ALREADY_EXISTS && is_free(mutex), "nor with CreateMutexEx");
    CloseHandle(again);
    CloseHandle(mutex);
    mutex = CreateMutexExA(NULL, NULL, CREATE_MUTEX_INITIAL_OWNER, MUTEX_ALL_ACCESS);
    CHECK("5.2", mutex && is_taken(mutex) && ReleaseMutex(mutex), "CREATE_MUTEX_INITIAL_OWNER is the same");
    CloseHandle(mutex);
    mutex = CreateMutexExW(NULL, NULL, 0, MUTEX_ALL_ACCESS);
    CHECK("5.2", mutex && is_free(mutex), "and without it nobody owns it");
    CloseHandle(mutex);
    mutex = CreateMutexW(NULL, TRUE, wide(named("owner")));
    CHECK("5.2", mutex && is_taken(mutex), "CreateMutexW likewise");
    ReleaseMutex(mutex);
    CloseHandle(mutex);
}

static void handles(void)
{
    HANDLE one = CreateMutexA(NULL, FALSE, named("handles")), two = OpenMutexA(SYNCHRONIZE, FALSE, named("handles")),
           last;
    poll_once(one);
    CHECK("5.3", poll_once(two) == WAIT_OBJECT_0 && ReleaseMutex(two) && ReleaseMutex(two) && is_free(one),
          "handles of one mutex are interchangeable");
    poll_once(one);
    CloseHandle(one);
    CHECK("5.3", is_taken(two), "closing the owner's handle does not release");
    CHECK("5.3", ReleaseMutex(two) && is_free(two), "it can be released through another");
    last = two;
    poll_once(last);
    CHECK("5.3", CloseHandle(last), "the owner may close the last handle");
    two = CreateMutexA(NULL, FALSE, named("handles"));
    CHECK("5.3", two && GetLastError() == 0 && is_free(two), "after which the name is a new, free mutex");
    CloseHandle(two);
}

static DWORD WINAPI own_and_close(LPVOID name)
{
    HANDLE mutex = OpenMutexA(SYNCHRONIZE, FALSE, name);
    DWORD result = await(mutex);
    CloseHandle(mutex);
    return result;
}

static void closing_is_no_release(void)
{
    HANDLE mutex = CreateMutexA(NULL, FALSE, named("closed"));
    CHECK("5.3",
          in_thread(own_and_close, (void *)named("closed")) == WAIT_OBJECT_0 && poll_once(mutex) == WAIT_ABANDONED,
          "a thread that closed its handle stays owner until it ends");
    ReleaseMutex(mutex);
    CloseHandle(mutex);
}

static void access_rights(void)
{
    const char *name = named("rights");
    HANDLE mutex = CreateMutexA(NULL, FALSE, name), reader, synchronizer, limited;
    reader = OpenMutexA(READ_CONTROL, FALSE, name);
    CHECK_ERROR("5.4", poll_once(reader) == WAIT_FAILED, 5, "waiting without SYNCHRONIZE fails with 5");
    poll_once(mutex);
    CHECK("5.4", ReleaseMutex(reader) && is_free(mutex), "ReleaseMutex needs no right at all");
    CloseHandle(reader);
    synchronizer = OpenMutexA(SYNCHRONIZE, FALSE, name);
    CHECK("5.4", poll_once(synchronizer) == WAIT_OBJECT_0 && ReleaseMutex(synchronizer),
          "SYNCHRONIZE is enough for full use");
    CloseHandle(synchronizer);
    limited = NULL;
    CHECK_ERROR_WINDOWS("5.4", !(limited = OpenMutexA(0, FALSE, name)), 5, "OpenMutex with access 0 fails with 5");
    CloseHandle(limited);
    limited = NULL;
    CHECK_ERROR_WINDOWS("5.4", !(limited = OpenMutexA(0x0000fffe, FALSE, name)), 5, "with access fffe too");
    CloseHandle(limited);
    limited = NULL;
    CHECK_ERROR_WINDOWS("5.4", !(limited = OpenMutexA(0x00e00000, FALSE, name)), 5, "with access e00000 too");
    CloseHandle(limited);
    limited = NULL;
    CHECK_ERROR_WINDOWS("5.4", !(limited = OpenMutexA(0x0c000000, FALSE, name)), 5, "with access c000000 too");
    CloseHandle(limited);
    limited = NULL;
    CHECK_ERROR_WINDOWS("5.4", !(limited = OpenMutexA(0x01000000, FALSE, name)), ERROR_PRIVILEGE_NOT_HELD,
                        "with ACCESS_SYSTEM_SECURITY it fails with 1314");
    CloseHandle(limited);
    limited = OpenMutexA(GENERIC_EXECUTE, FALSE, name);
    CHECK("5.4", poll_once(limited) == WAIT_OBJECT_0 && ReleaseMutex(limited), "GENERIC_EXECUTE includes SYNCHRONIZE");
    CloseHandle(limited);
    limited = OpenMutexA(GENERIC_READ | GENERIC_WRITE, FALSE, name);
    CHECK_ERROR("5.4", poll_once(limited) == WAIT_FAILED, 5, "GENERIC_READ with GENERIC_WRITE does not");
    CloseHandle(limited);
    limited = OpenMutexA(MAXIMUM_ALLOWED, FALSE, name);
    CHECK("5.4", poll_once(limited) == WAIT_OBJECT_0 && ReleaseMutex(limited), "MAXIMUM_ALLOWED does");
    CloseHandle(limited);
    limited = CreateMutexExA(NULL, NULL, 0, READ_CONTROL);
    CHECK_ERROR("5.4", poll_once(limited) == WAIT_FAILED, 5, "CreateMutexEx limits even the creator's handle");
    CloseHandle(limited);
    CHECK("5.4", MUTEX_ALL_ACCESS == 0x1f0001, "MUTEX_ALL_ACCESS is 1F0001");
    CloseHandle(mutex);
}

static DWORD WINAPI own_three_levels(LPVOID mutex)
{
    await(mutex);
    await(mutex);
    return await(mutex);
}

static void abandoned_by_threads(void)
{
    HANDLE mutex = CreateMutexA(NULL, FALSE, NULL);
    in_thread(take_and_end, mutex);
    SetLastError(UNTOUCHED);
    CHECK("5.5", poll_once(mutex) == WAIT_ABANDONED && WAIT_ABANDONED == 0x80,
          "the owner's end abandons: the next wait returns 80");
    CHECK("5.5", GetLastError() == UNTOUCHED, "the last error stays");
    CHECK("5.5", is_taken(mutex), "the wait gives ownership");
    CHECK("5.5", poll_once(mutex) == WAIT_OBJECT_0 && ReleaseMutex(mutex), "it is reported once");
    CHECK("5.5", ReleaseMutex(mutex) && is_free(mutex), "with a recursion count of 1");
    in_thread(own_three_levels, mutex);
    CHECK("5.5", poll_once(mutex) == WAIT_ABANDONED && ReleaseMutex(mutex), "so if the owner held it three times");
    CHECK_ERROR("5.5", !ReleaseMutex(mutex), ERROR_NOT_OWNER, "of which nothing is left");
    in_thread(take_and_end, mutex);
    CHECK("5.5", in_thread(take_and_end, mutex) == WAIT_ABANDONED, "a waiter is told");
    CHECK("5.5", poll_once(mutex) == WAIT_ABANDONED && ReleaseMutex(mutex),
          "and if it ends without a release, so is the next");
    CHECK("5.5", is_free(mutex), "after a release nobody is");
    CloseHandle(mutex);
}

struct stage {
    HANDLE mutex, owned, end;
};

static DWORD WINAPI own_until_told(LPVOID argument)
{
    struct stage *stage = argument;
    await(stage->mutex);
    SetEvent(stage->owned);
    return await(stage->end);
}

static void blocked_waiter_is_woken(void)
{
    struct stage stage;
    HANDLE owner, waiter;
    stage.mutex = CreateMutexA(NULL, FALSE, NULL);
    stage.owned = CreateEventA(NULL, TRUE, FALSE, NULL);
    stage.end = CreateEventA(NULL, TRUE, FALSE, NULL);
    owner = thread(own_until_told, &stage);
    await(stage.owned);
    waiter = thread(take_and_give, stage.mutex);
    settle(1);
    SetEvent(stage.end);
    CHECK("5.5", join(waiter) == WAIT_ABANDONED, "a blocked waiter is woken when the owner ends");
    join(owner);
    CHECK("5.5", is_free(stage.mutex), "and may release");
    CloseHandle(stage.mutex);
    CloseHandle(stage.owned);
    CloseHandle(stage.end);
}

static void seen_with_the_threads_end(void)
{
    HANDLE mutex = CreateMutexA(NULL, FALSE, NULL), owner;
    int round, abandoned = 0;
    for (round = 0; round < 200; round++) {
        owner = thread(take_and_end, mutex);
        await(owner);
        abandoned += poll_once(mutex) == WAIT_ABANDONED;
        ReleaseMutex(mutex);
        CloseHandle(owner);
    }
    CHECK("5.5", abandoned == 200, "who has waited for the thread finds its mutex abandoned at once");
    CloseHandle(mutex);
}

static DWORD WINAPI exits(LPVOID mutex)
{
    await(mutex);
    ExitThread(7);
    return 0;
}

static void ways_to_end(void)
{
    HANDLE mutex = CreateMutexA(NULL, FALSE, NULL);
    CHECK("5.5", in_thread(exits, mutex) == 7 && poll_once(mutex) == WAIT_ABANDONED, "ExitThread abandons");
    ReleaseMutex(mutex);
    CloseHandle(mutex);
}

static void all_of_several(void)
{
    HANDLE objects[3];
    int at;
    for (at = 0; at < 3; at++)
        objects[at] = CreateMutexA(NULL, FALSE, NULL);
    in_thread(take_and_end, objects[2]);
    CHECK("5.6", WaitForMultipleObjects(3, objects, TRUE, 0) == WAIT_ABANDONED_0,
          "all: WAIT_ABANDONED_0 + 0 whatever the index");
    CHECK("5.6", is_taken(objects[0]) && is_taken(objects[1]) && is_taken(objects[2]), "and everything is acquired");
    for (at = 0; at < 3; at++)
        ReleaseMutex(objects[at]);
    CHECK("5.6", WaitForMultipleObjects(3, objects, TRUE, 0) == WAIT_OBJECT_0, "reported once");
    for (at = 0; at < 3; at++)
        ReleaseMutex(objects[at]);
    in_thread(take_and_end, objects[0]);
    in_thread(take_and_end, objects[1]);
    CHECK("5.6", WaitForMultipleObjects(3, objects, TRUE, 0) == WAIT_ABANDONED_0, "two abandoned ones are one result");
    for (at = 0; at < 3; at++)
        ReleaseMutex(objects[at]);
    CHECK("5.6", WaitForMultipleObjects(3, objects, TRUE, 0) == WAIT_OBJECT_0, "and both are reported by it");
    for (at = 0; at < 3; at++) {
        ReleaseMutex(objects[at]);
        CloseHandle(objects[at]);
    }
}

static void any_with_index(void)
{
    HANDLE objects[3];
    objects[0] = CreateEventA(NULL, TRUE, FALSE, NULL);
    objects[1] = CreateMutexA(NULL, FALSE, NULL);
    objects[2] = CreateMutexA(NULL, FALSE, NULL);
    in_thread(take_and_end, objects[2]);
    in_thread(take_and_end, objects[1]);
    CHECK("5.6", WaitForMultipleObjects(3, objects, FALSE, 0) == WAIT_ABANDONED_0 + 1,
          "any: the lowest abandoned index");
    CHECK("5.6", WaitForMultipleObjects(2, objects + 1, FALSE, 0) == WAIT_OBJECT_0,
          "the owner's next wait is an ordinary one");
    ReleaseMutex(objects[1]);
    ReleaseMutex(objects[1]);
    CHECK("5.6", poll_once(objects[2]) == WAIT_ABANDONED, "the other one keeps its state");
    ReleaseMutex(objects[2]);

    in_thread(take_and_end, objects[1]);
    CHECK("5.6", WaitForMultipleObjects(2, objects, TRUE, SHORT_MS) == WAIT_TIMEOUT, "a wait for all that times out");
    CHECK("5.6", poll_once(objects[1]) == WAIT_ABANDONED, "does not clear the abandoned state");
    ReleaseMutex(objects[1]);
    in_thread(take_and_end, objects[1]);
    CHECK("5.6", SignalObjectAndWait(objects[0], objects[1], 0, FALSE) == WAIT_ABANDONED,
          "SignalObjectAndWait reports it too");
    CHECK("5.6", poll_once(objects[0]) == WAIT_OBJECT_0 && ReleaseMutex(objects[1]),
          "with the signal done and ownership given");
    CloseHandle(objects[0]);
    CloseHandle(objects[1]);
    CloseHandle(objects[2]);
}

/* Owns a mutex until it is killed, or until it has been told to end. */
static int play_owner(const char *name, const char *ready_name, const char *end)
{
    HANDLE mutex = OpenMutexA(SYNCHRONIZE, FALSE, name), ready = signal_named(ready_name);
    if (!mutex || await(mutex) == WAIT_FAILED)
        return 1;
    SetEvent(ready);
    if (strcmp(end, "exit") != 0)
        Sleep(INFINITE);
    ExitProcess(0);
}

static int play_waiter(const char *name, const char *ready_name)
{
    HANDLE mutex = OpenMutexA(SYNCHRONIZE, FALSE, name), ready = signal_named(ready_name);
    SetEvent(ready);
    return (int)await(mutex);
}

static void abandoned_by_processes(void)
{
    const char *name = named("process"), *ready_name = named("process.ready"), *waiting_name = named("process.waiting");
    HANDLE mutex = CreateMutexA(NULL, FALSE, name), ready = signal_named(ready_name),
           waiting = signal_named(waiting_name);
    HANDLE child, other;
    double moment;
    child = start("owner %s %s kill", name, ready_name);
    demand(await(ready) == WAIT_OBJECT_0, "a process that owns the mutex");
    CHECK("5.5", poll_once(mutex) == WAIT_TIMEOUT, "a mutex of another process is owned");
    kill_process(child);
    CHECK("5.7", poll_once(mutex) == WAIT_ABANDONED && ReleaseMutex(mutex),
          "a killed owner has abandoned when its process is seen ended");
    ResetEvent(ready);

    child = start("owner %s %s exit", name, ready_name);
    finish(child);
    CHECK("5.5", poll_once(mutex) == WAIT_ABANDONED && ReleaseMutex(mutex), "ExitProcess abandons");
    ResetEvent(ready);

    child = start("owner %s %s kill", name, ready_name);
    demand(await(ready) == WAIT_OBJECT_0, "a process that owns the mutex");
    other = start("waiter %s %s", name, waiting_name);
    demand(await(waiting) == WAIT_OBJECT_0, "a process that waits for it");
    settle(2);
    TerminateProcess(child, 9);
    CHECK("5.5", finish(other) == WAIT_ABANDONED, "a waiter in another process is woken");
    finish(child);
    CHECK("5.5", poll_once(mutex) == WAIT_ABANDONED && ReleaseMutex(mutex),
          "and abandons in turn when it ends as owner");
    ResetEvent(ready);

    child = start("owner %s %s kill", name, ready_name);
    demand(await(ready) == WAIT_OBJECT_0, "a process that owns the mutex");
    moment = now_ms();
    TerminateProcess(child, 9);
    CHECK("5.7", await(mutex) == WAIT_ABANDONED && now_ms() - moment < 500,
          "who waits for it has it within milliseconds");
    ReleaseMutex(mutex);
    finish(child);
    CloseHandle(mutex);
    CloseHandle(ready);
    CloseHandle(waiting);
}

enum { THREADS = 8, ROUNDS = 10000 };

struct contest {
    HANDLE mutex;
    volatile LONG inside;
    LONG count, clashes;
};

static DWORD WINAPI contend(LPVOID argument)
{
    struct contest *contest = argument;
    int round;
    for (round = 0; round < ROUNDS; round++) {
        if (WaitForSingleObject(contest->mutex, LIMIT_MS) != WAIT_OBJECT_0)
            return 1;
        contest->clashes += InterlockedIncrement(&contest->inside) != 1;
        contest->count++;
        InterlockedDecrement(&contest->inside);
        if (!ReleaseMutex(contest->mutex))
            return 2;
    }
    return 0;
}

static void contention_of_threads(void)
{
    struct contest contest = {NULL, 0, 0, 0};
    HANDLE threads[THREADS];
    DWORD failures = 0;
    int at;
    contest.mutex = CreateMutexA(NULL, FALSE, NULL);
    for (at = 0; at < THREADS; at++)
        threads[at] = thread(contend, &contest);
    for (at = 0; at < THREADS; at++)
        failures += join(threads[at]);
    CHECK("5.8", failures == 0 && contest.count == THREADS * ROUNDS && contest.clashes == 0,
          "a release hands over to exactly one: 8 threads, 10000 rounds each");
    CHECK("5.8", is_free(contest.mutex), "and when all have ended it is free");
    CloseHandle(contest.mutex);
}

static int play_contender(const char *mutex_name, const char *mapping_name)
{
    HANDLE mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, mapping_name);
    volatile LONG *counter = (volatile LONG *)(void *)view_all(mapping, FILE_MAP_WRITE);
    HANDLE mutex = OpenMutexA(SYNCHRONIZE, FALSE, mutex_name);
    int round;
    for (round = 0; round < 2000; round++) {
        if (await(mutex) != WAIT_OBJECT_0)
            return 1;
        counter[0] = counter[0] + 1;
        if (!ReleaseMutex(mutex))
            return 2;
    }
    return 0;
}

static void contention_of_processes(void)
{
    const char *mutex_name = named("contest"), *mapping_name = named("counter");
    HANDLE mutex = CreateMutexA(NULL, FALSE, mutex_name), mapping = section(PAGE_READWRITE, 4096, mapping_name),
           children[4];
    volatile LONG *counter = (volatile LONG *)(void *)view_all(mapping, FILE_MAP_WRITE);
    unsigned failures = 0;
    int at;
    for (at = 0; at < 4; at++)
        children[at] = start("contender %s %s", mutex_name, mapping_name);
    for (at = 0; at < 4; at++)
        failures += finish(children[at]);
    CHECK("5.8", failures == 0 && counter[0] == 8000, "and so among 4 processes, 2000 rounds each");
    UnmapViewOfFile((const void *)counter);
    CloseHandle(mapping);
    CloseHandle(mutex);
}

static void a_release_wakes_one(void)
{
    HANDLE mutex = CreateMutexA(NULL, TRUE, NULL), threads[3];
    int at, given = 0;
    for (at = 0; at < 3; at++)
        threads[at] = thread(take_and_give, mutex);
    settle(1);
    ReleaseMutex(mutex);
    for (at = 0; at < 3; at++)
        given += join(threads[at]) == WAIT_OBJECT_0;
    CHECK("5.8", given == 3, "waiters follow each other without being abandoned");
    CloseHandle(mutex);
}

int main(int count, char **arguments)
{
    watch();
    if (count == 5 && strcmp(arguments[1], "owner") == 0)
        return play_owner(arguments[2], arguments[3], arguments[4]);
    if (count == 4 && strcmp(arguments[1], "waiter") == 0)
        return play_waiter(arguments[2], arguments[3]);
    if (count == 4 && strcmp(arguments[1], "contender") == 0)
        return play_contender(arguments[2], arguments[3]);
    recursion();
    initial_owner();
    handles();
    closing_is_no_release();
    access_rights();
    abandoned_by_threads();
    blocked_waiter_is_woken();
    seen_with_the_threads_end();
    ways_to_end();
    all_of_several();
    any_with_index();
    abandoned_by_processes();
    contention_of_threads();
    contention_of_processes();
    a_release_wakes_one();
    return conclude();
}
