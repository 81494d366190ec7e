/* Section 6: events. */
#include "check.h"

enum { WAITERS = 6 };

struct crowd {
    HANDLE event;
    volatile LONG waiting, released;
    DWORD timeout_ms;
};

static DWORD WINAPI wait_in_crowd(LPVOID argument)
{
    struct crowd *crowd = argument;
    DWORD result;
    InterlockedIncrement(&crowd->waiting);
    result = WaitForSingleObject(crowd->event, crowd->timeout_ms);
    if (result == WAIT_OBJECT_0)
        InterlockedIncrement(&crowd->released);
    return result;
}

/* Starts threads that wait for the event, and gives them time to. */
static void gather(struct crowd *crowd, HANDLE *threads, HANDLE event, DWORD timeout_ms, unsigned round)
{
    int at;
    crowd->event = event;
    crowd->waiting = crowd->released = 0;
    crowd->timeout_ms = timeout_ms;
    for (at = 0; at < WAITERS; at++)
        threads[at] = thread(wait_in_crowd, crowd);
    while (crowd->waiting < WAITERS)
        Sleep(1);
    settle(round);
}

static LONG scatter(struct crowd *crowd, HANDLE *threads)
{
    int at;
    for (at = 0; at < WAITERS; at++)
        join(threads[at]);
    return crowd->released;
}

/* Nobody can tell from outside that a thread is blocked; a few rounds with more and more time are tried. */
#define ROUNDS_MAX 5

/* How many waiters are released by something that is done to the event while they wait, at best. */
static LONG released_by(HANDLE event, void (*act)(HANDLE), LONG expected, DWORD timeout_ms)
{
    struct crowd crowd;
    HANDLE threads[WAITERS];
    LONG released = 0;
    unsigned round;
    for (round = 0; round < ROUNDS_MAX && released != expected; round++) {
        gather(&crowd, threads, event, timeout_ms << round, round);
        act(event);
        released = scatter(&crowd, threads);
        ResetEvent(event);
    }
    return released;
}

static void set_once(HANDLE event)
{
    SetEvent(event);
}

static void set_and_reset(HANDLE event)
{
    SetEvent(event);
    ResetEvent(event);
}

static void pulse(HANDLE event)
{
    PulseEvent(event);
}

static void kinds(void)
{
    HANDLE manual = CreateEventA(NULL, TRUE, FALSE, NULL), automatic = CreateEventA(NULL, FALSE, FALSE, NULL);
    struct crowd crowd;
    HANDLE threads[WAITERS];
    int at;
    CHECK("6.1", poll_once(automatic) == WAIT_TIMEOUT, "a new event is as it was asked for");
    SetEvent(automatic);
    CHECK("6.1", poll_once(automatic) == WAIT_OBJECT_0 && poll_once(automatic) == WAIT_TIMEOUT,
          "auto-reset: one wait per SetEvent");
    for (at = 0; at < 5; at++)
        SetEvent(automatic);
    CHECK("6.1", poll_once(automatic) == WAIT_OBJECT_0 && poll_once(automatic) == WAIT_TIMEOUT,
          "sets do not accumulate");
    SetEvent(automatic);
    CHECK("6.1", ResetEvent(automatic) && poll_once(automatic) == WAIT_TIMEOUT, "ResetEvent takes a set back");
    gather(&crowd, threads, automatic, LIMIT_MS, 1);
    for (at = 0; at < WAITERS; at++) {
        SetEvent(automatic);
        while (crowd.released < at + 1)
            Sleep(1);
        if (at == 0)
            settle(1);
        if (crowd.released != at + 1)
            break;
    }
    CHECK("6.1", scatter(&crowd, threads) == WAITERS && at == WAITERS, "each set releases one waiter");
    SetEvent(manual);
    CHECK("6.1", poll_once(manual) == WAIT_OBJECT_0 && poll_once(manual) == WAIT_OBJECT_0, "manual-reset: stays set");
    ResetEvent(manual);
    CHECK("6.1", poll_once(manual) == WAIT_TIMEOUT, "until ResetEvent");
    CHECK("6.1", released_by(manual, set_once, WAITERS, LIMIT_MS) == WAITERS, "a set releases all waiters");
    CloseHandle(manual);
    CloseHandle(automatic);
    manual = CreateEventA(NULL, TRUE, TRUE, NULL);
    automatic = CreateEventA(NULL, FALSE, TRUE, NULL);
    CHECK("6.1",
          poll_once(manual) == WAIT_OBJECT_0 && poll_once(automatic) == WAIT_OBJECT_0
              && poll_once(automatic) == WAIT_TIMEOUT && poll_once(manual) == WAIT_OBJECT_0,
          "both may begin set");
    CloseHandle(manual);
    CloseHandle(automatic);
}

static int play_waiter(const char *name, const char *counter_name)
{
    HANDLE event = OpenEventA(SYNCHRONIZE, FALSE, name),
           counter = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, counter_name);
    ReleaseSemaphore(counter, 1, NULL);
    return (int)await(event);
}

static void set_and_reset_releases_all(void)
{
    HANDLE manual = CreateEventA(NULL, TRUE, FALSE, named("short")), counter, children[3];
    unsigned released, at, round;
    CHECK("6.2", released_by(manual, set_and_reset, WAITERS, 300) == WAITERS,
          "SetEvent and ResetEvent release every blocked thread");
    CHECK("6.2", poll_once(manual) == WAIT_TIMEOUT, "and leave the event reset");
    counter = CreateSemaphoreA(NULL, 0, 100, named("short.count"));
    for (round = 1, released = 0; round < ROUNDS_MAX && released != 3; round++) {
        for (at = 0; at < 3; at++)
            children[at] = start("waiter %s %s", named("short"), named("short.count"));
        for (at = 0; at < 3; at++)
            demand(await(counter) == WAIT_OBJECT_0, "a process that is about to wait");
        settle(round);
        set_and_reset(manual);
        for (at = 0, released = 0; at < 3; at++)
            released += WaitForSingleObject(children[at], 1000) == WAIT_OBJECT_0;
        SetEvent(manual);
        for (at = 0; at < 3; at++)
            finish(children[at]);
        ResetEvent(manual);
    }
    CHECK("6.2", released == 3, "and so processes");
    CloseHandle(counter);
    CloseHandle(manual);
}

static void pulses(void)
{
    HANDLE manual = CreateEventA(NULL, TRUE, FALSE, NULL), automatic = CreateEventA(NULL, FALSE, FALSE, NULL);
    CHECK("6.3", released_by(manual, pulse, WAITERS, 300) == WAITERS,
          "a pulse of a manual event releases all blocked waiters");
    CHECK("6.3", poll_once(manual) == WAIT_TIMEOUT, "and ends nonsignaled");
    CHECK("6.3", released_by(automatic, pulse, 1, 300) == 1, "a pulse of an auto event releases one");
    CHECK("6.3", poll_once(automatic) == WAIT_TIMEOUT, "and ends nonsignaled");
    CHECK("6.3", PulseEvent(manual) && PulseEvent(automatic), "a pulse without waiters succeeds");
    CHECK("6.3", poll_once(manual) == WAIT_TIMEOUT && poll_once(automatic) == WAIT_TIMEOUT, "and does nothing");
    SetEvent(manual);
    SetEvent(automatic);
    PulseEvent(manual);
    PulseEvent(automatic);
    CHECK("6.3", poll_once(manual) == WAIT_TIMEOUT && poll_once(automatic) == WAIT_TIMEOUT,
          "a set event is nonsignaled after it");
    CloseHandle(manual);
    CloseHandle(automatic);
}

static void existing(void)
{
    HANDLE first = CreateEventA(NULL, TRUE, FALSE, named("existing")), second;
    second = CreateEventA(NULL, FALSE, TRUE, named("existing"));
    CHECK("6.4", second && GetLastError() == ERROR_ALREADY_EXISTS && poll_once(second) == WAIT_TIMEOUT,
          "the initial state is ignored");
    SetEvent(second);
    CHECK("6.4", poll_once(first) == WAIT_OBJECT_0 && poll_once(second) == WAIT_OBJECT_0,
          "and so is the kind of reset");
    CloseHandle(first);
    CloseHandle(second);
}

static void access_rights(void)
{
    const char *name = named("rights");
    HANDLE event = CreateEventA(NULL, TRUE, TRUE, name), limited = OpenEventA(SYNCHRONIZE, FALSE, name);
    CHECK("6.4", poll_once(limited) == WAIT_OBJECT_0, "SYNCHRONIZE waits");
    CHECK_ERROR("6.4", !SetEvent(limited), 5, "SetEvent without EVENT_MODIFY_STATE fails with 5");
    CHECK_ERROR("6.4", !ResetEvent(limited), 5, "ResetEvent too");
    CHECK_ERROR("6.4", !PulseEvent(limited), 5, "PulseEvent too");
    CHECK("6.4", poll_once(event) == WAIT_OBJECT_0, "and nothing happens");
    CloseHandle(limited);
    limited = OpenEventA(EVENT_MODIFY_STATE, FALSE, name);
    CHECK("6.4", ResetEvent(limited) && PulseEvent(limited) && SetEvent(limited),
          "EVENT_MODIFY_STATE changes the state");
    CHECK_ERROR("6.4", poll_once(limited) == WAIT_FAILED, 5, "but waiting needs SYNCHRONIZE: 5");
    CloseHandle(limited);
    limited = CreateEventExA(NULL, NULL, CREATE_EVENT_INITIAL_SET, SYNCHRONIZE);
    CHECK_ERROR("6.4", !ResetEvent(limited), 5, "CreateEventEx limits even the creator's handle");
    CHECK("6.4", poll_once(limited) == WAIT_OBJECT_0 && poll_once(limited) == WAIT_TIMEOUT,
          "its flags: initially set, auto-reset");
    CloseHandle(limited);
    limited = CreateEventExW(NULL, NULL, CREATE_EVENT_INITIAL_SET | CREATE_EVENT_MANUAL_RESET, EVENT_ALL_ACCESS);
    CHECK("6.4", poll_once(limited) == WAIT_OBJECT_0 && poll_once(limited) == WAIT_OBJECT_0, "and manual-reset");
    CloseHandle(limited);
    CHECK("6.4", EVENT_ALL_ACCESS == 0x1f0003 && EVENT_MODIFY_STATE == 2, "EVENT_ALL_ACCESS is 1F0003");
    limited = NULL;
    CHECK_ERROR_WINDOWS("6.4", !(limited = OpenEventA(0, FALSE, name)), 5, "OpenEvent with access 0 fails with 5");
    CloseHandle(limited);
    limited = NULL;
    CHECK_ERROR_WINDOWS("6.4", !(limited = OpenEventA(0x0c000000, FALSE, name)), 5, "with undefined bits too");
    CloseHandle(limited);
    limited = OpenEventA(GENERIC_WRITE, FALSE, name);
    CHECK("6.4", SetEvent(limited), "GENERIC_WRITE includes EVENT_MODIFY_STATE");
    CHECK_ERROR("6.4", poll_once(limited) == WAIT_FAILED, 5, "and not SYNCHRONIZE");
    CloseHandle(limited);
    limited = OpenEventW(GENERIC_EXECUTE, FALSE, wide(name));
    CHECK("6.4", poll_once(limited) == WAIT_OBJECT_0, "GENERIC_EXECUTE includes SYNCHRONIZE");
    CHECK_ERROR("6.4", !SetEvent(limited), 5, "and not EVENT_MODIFY_STATE");
    CloseHandle(limited);
    CloseHandle(event);
}

static int play_partner(const char *ping_name, const char *pong_name)
{
    HANDLE ping = OpenEventA(EVENT_ALL_ACCESS, FALSE, ping_name), pong = OpenEventA(EVENT_ALL_ACCESS, FALSE, pong_name);
    int round;
    for (round = 0; round < 500; round++)
        if (await(ping) != WAIT_OBJECT_0 || !SetEvent(pong))
            return 1;
    return 0;
}

static void between_processes(void)
{
    HANDLE ping = CreateEventA(NULL, FALSE, FALSE, named("ping")),
           pong = CreateEventA(NULL, FALSE, FALSE, named("pong"));
    HANDLE child = start("partner %s %s", named("ping"), named("pong"));
    int round, answers = 0;
    for (round = 0; round < 500; round++) {
        SetEvent(ping);
        answers += await(pong) == WAIT_OBJECT_0;
    }
    CHECK("6.1", finish(child) == 0 && answers == 500, "two processes take turns 500 times");
    CloseHandle(ping);
    CloseHandle(pong);
}

int main(int count, char **arguments)
{
    watch();
    if (count == 4 && strcmp(arguments[1], "waiter") == 0)
        return play_waiter(arguments[2], arguments[3]);
    if (count == 4 && strcmp(arguments[1], "partner") == 0)
        return play_partner(arguments[2], arguments[3]);
    kinds();
    between_processes();
    set_and_reset_releases_all();
    pulses();
    existing();
    access_rights();
    return conclude();
}
