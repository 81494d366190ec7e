/* Section 10: waitable timers. */
#include "kinds.h"

static LARGE_INTEGER in_ms(LONGLONG ms)
{
    LARGE_INTEGER due;
    due.QuadPart = -ms * 10000;
    return due;
}

/* The moment so many milliseconds from now, on the wall's clock. */
static LARGE_INTEGER at_ms(LONGLONG ms)
{
    FILETIME now;
    LARGE_INTEGER due;
    GetSystemTimeAsFileTime(&now);
    due.u.LowPart = now.dwLowDateTime;
    due.u.HighPart = (LONG)now.dwHighDateTime;
    due.QuadPart += ms * 10000;
    return due;
}

static int set(HANDLE timer, LARGE_INTEGER due, LONG period_ms)
{
    return SetWaitableTimer(timer, &due, period_ms, NULL, NULL, FALSE) != 0;
}

static void due_times(void)
{
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, NULL);
    double begin;
    CHECK("10", timer && GetLastError() == 0 && WaitForSingleObject(timer, SHORT_MS) == WAIT_TIMEOUT,
          "a new timer is inactive");
    begin = now_ms();
    CHECK("10", set(timer, in_ms(60), 0) && poll_once(timer) == WAIT_TIMEOUT,
          "a negative due time is relative, in 100 ns");
    CHECK("10", await(timer) == WAIT_OBJECT_0 && now_ms() - begin >= 59 && now_ms() - begin < 5000,
          "and fires when it has passed");
    CHECK("10", poll_once(timer) == WAIT_OBJECT_0, "a manual timer stays set");
    CHECK("10", set(timer, in_ms(100000), 0) && poll_once(timer) == WAIT_TIMEOUT, "SetWaitableTimer clears the state");
    CHECK("10", set(timer, in_ms(0), 0) && await(timer) == WAIT_OBJECT_0, "due 0 fires at once");
    begin = now_ms();
    CHECK("10",
          set(timer, at_ms(60), 0) && poll_once(timer) == WAIT_TIMEOUT && await(timer) == WAIT_OBJECT_0
              && now_ms() - begin >= 40 && now_ms() - begin < 5000,
          "a positive due time is a moment");
    CHECK("10", set(timer, at_ms(-1000), 0) && await(timer) == WAIT_OBJECT_0, "and one that has passed fires at once");
    CloseHandle(timer);
}

static void resets(void)
{
    HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL);
    set(timer, in_ms(0), 0);
    CHECK("10", await(timer) == WAIT_OBJECT_0 && poll_once(timer) == WAIT_TIMEOUT, "an auto timer is consumed");
    set(timer, in_ms(0), 0);
    Sleep(30);
    CHECK("10", CancelWaitableTimer(timer) && poll_once(timer) == WAIT_OBJECT_0,
          "CancelWaitableTimer does not change a set state");
    set(timer, in_ms(40), 0);
    CancelWaitableTimer(timer);
    CHECK("10", WaitForSingleObject(timer, 100) == WAIT_TIMEOUT, "and keeps what is not yet due from firing");
    CHECK("10", CancelWaitableTimer(timer), "an inactive timer can be cancelled");
    CHECK("10", set(timer, in_ms(20), 0) && await(timer) == WAIT_OBJECT_0, "and set again");
    CloseHandle(timer);
}

static void periods(void)
{
    HANDLE timer = CreateWaitableTimerA(NULL, FALSE, NULL);
    double begin = now_ms();
    int at, fired = 0;
    set(timer, in_ms(20), 20);
    for (at = 0; at < 4; at++)
        fired += await(timer) == WAIT_OBJECT_0;
    CHECK("10", fired == 4 && now_ms() - begin >= 79, "the period is in milliseconds");
    CancelWaitableTimer(timer);
    poll_once(timer);
    CHECK("10", WaitForSingleObject(timer, 80) == WAIT_TIMEOUT, "and ends with CancelWaitableTimer");
    CHECK_ERROR_WINDOWS("10", !set(timer, in_ms(10), -1), 87, "a negative period fails with 87");
    CancelWaitableTimer(timer);
    CloseHandle(timer);
}

static void waited_for_together(void)
{
    HANDLE objects[2];
    objects[0] = CreateEventA(NULL, TRUE, FALSE, NULL);
    objects[1] = CreateWaitableTimerA(NULL, FALSE, NULL);
    set(objects[1], in_ms(30), 0);
    CHECK("10", WaitForMultipleObjects(2, objects, FALSE, LIMIT_MS) == WAIT_OBJECT_0 + 1,
          "a timer is waited for among others: any");
    set(objects[1], in_ms(30), 0);
    SetEvent(objects[0]);
    CHECK("10", WaitForMultipleObjects(2, objects, TRUE, LIMIT_MS) == WAIT_OBJECT_0, "all");
    CHECK("10", poll_once(objects[1]) == WAIT_TIMEOUT, "and is consumed by it");
    CloseHandle(objects[0]);
    CloseHandle(objects[1]);
}

static DWORD WINAPI wait_thread(LPVOID timer)
{
    return await(timer);
}

static void wakes_all(void)
{
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, NULL), threads[4];
    DWORD failures = 0;
    int at;
    for (at = 0; at < 4; at++)
        threads[at] = thread(wait_thread, timer);
    set(timer, in_ms(50), 0);
    for (at = 0; at < 4; at++)
        failures += join(threads[at]);
    CHECK("10", failures == 0, "a manual timer that is set while threads wait for it releases them all");
    CloseHandle(timer);
}

static int play_waiter(const char *name)
{
    HANDLE timer = OpenWaitableTimerA(SYNCHRONIZE | TIMER_MODIFY_STATE, FALSE, name);
    if (!timer)
        return 1;
    return await(timer) == WAIT_OBJECT_0 ? 0 : 2;
}

static void names(void)
{
    const char *name = named("timer");
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, name), other = CreateWaitableTimerW(NULL, FALSE, wide(name)),
           limited, child;
    CHECK("10", other && GetLastError() == ERROR_ALREADY_EXISTS, "an existing name is found");
    set(timer, in_ms(0), 0);
    CHECK("10", await(other) == WAIT_OBJECT_0 && poll_once(timer) == WAIT_OBJECT_0, "and keeps its kind of reset");
    CloseHandle(other);
    CHECK("10", open_failure(EVENT, name) == 6 && create_failure(EVENT, name) == 6, "the names are those of all kinds");
    CHECK("10", OpenWaitableTimerA(SYNCHRONIZE, FALSE, named("nobody")) == NULL && GetLastError() == 2,
          "an unknown one fails with 2");
    set(timer, in_ms(100000), 0);
    child = start("waiter %s", name);
    settle(2);
    set(timer, in_ms(50), 0);
    CHECK("10", finish(child) == 0, "another process waits for the same timer");
    limited = OpenWaitableTimerA(SYNCHRONIZE, FALSE, name);
    CHECK("10", poll_once(limited) == WAIT_OBJECT_0, "SYNCHRONIZE waits");
    CHECK_ERROR("10", !set(limited, in_ms(0), 0), 5, "SetWaitableTimer needs TIMER_MODIFY_STATE: 5");
    CHECK_ERROR("10", !CancelWaitableTimer(limited), 5, "CancelWaitableTimer too");
    CloseHandle(limited);
    limited = OpenWaitableTimerW(TIMER_MODIFY_STATE, FALSE, wide(name));
    CHECK("10", set(limited, in_ms(0), 0), "with which it goes");
    CHECK_ERROR("10", poll_once(limited) == WAIT_FAILED, 5, "but waiting needs SYNCHRONIZE: 5");
    CloseHandle(limited);
    CHECK_ERROR("10", !SetEvent(timer), 6, "SetEvent of a timer fails with 6");
    CloseHandle(timer);
    CHECK("10", open_failure(TIMER, name) == 2, "the name goes with the last handle");
    timer = CreateWaitableTimerExA(NULL, NULL, CREATE_WAITABLE_TIMER_MANUAL_RESET, TIMER_ALL_ACCESS);
    CHECK("10", set(timer, in_ms(0), 0) && await(timer) == WAIT_OBJECT_0 && poll_once(timer) == WAIT_OBJECT_0,
          "CreateWaitableTimerEx: manual");
    CloseHandle(timer);
    timer = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS);
    CHECK("10", set(timer, in_ms(0), 0) && await(timer) == WAIT_OBJECT_0 && poll_once(timer) == WAIT_TIMEOUT, "auto");
    CloseHandle(timer);
}

static volatile LONG completions;

static void resumes(void)
{
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, NULL);
    LARGE_INTEGER due = in_ms(0);
    SetLastError(UNTOUCHED);
    CHECK_WINDOWS("10", SetWaitableTimer(timer, &due, 0, NULL, NULL, TRUE) && GetLastError() == ERROR_NOT_SUPPORTED,
                  "a machine that cannot be woken says so, and the call succeeds");
    CHECK("10", await(timer) == WAIT_OBJECT_0, "the timer is set");
    CloseHandle(timer);
}

static VOID CALLBACK completed(LPVOID argument, DWORD low, DWORD high)
{
    (void)low;
    (void)high;
    completions += *(LONG *)argument;
}

static void completion(void)
{
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, NULL);
    LARGE_INTEGER due = in_ms(20);
    LONG step = 5;
    SetWaitableTimer(timer, &due, 0, completed, &step, FALSE);
    CHECK("10", SleepEx(LIMIT_MS, TRUE) == WAIT_IO_COMPLETION && completions == 5,
          "a completion routine runs in an alertable wait");
    CHECK("10", poll_once(timer) == WAIT_OBJECT_0, "when the timer is set");
    due = in_ms(20);
    SetWaitableTimer(timer, &due, 0, completed, &step, FALSE);
    CancelWaitableTimer(timer);
    CHECK("10", SleepEx(60, TRUE) == 0 && completions == 5, "and not after CancelWaitableTimer");
    CloseHandle(timer);
}

static DWORD WINAPI cancel_thread(LPVOID timer)
{
    return !CancelWaitableTimer(timer);
}

static DWORD WINAPI set_thread(LPVOID timer)
{
    return !set(timer, in_ms(100000), 0);
}

/* What calls a routine is one timer, whoever has it. */
static void completion_taken_back(void)
{
    const char *name = named("completion");
    HANDLE timer = CreateWaitableTimerA(NULL, TRUE, name), other = OpenWaitableTimerA(TIMER_MODIFY_STATE, FALSE, name);
    LARGE_INTEGER due = in_ms(20);
    LONG step = 100;
    completions = 0;
    SetWaitableTimer(timer, &due, 0, completed, &step, FALSE);
    CHECK("10", in_thread(cancel_thread, timer) == 0 && SleepEx(60, TRUE) == 0 && completions == 0,
          "a completion routine does not run after another thread has cancelled the timer");
    due = in_ms(20);
    SetWaitableTimer(timer, &due, 0, completed, &step, FALSE);
    CHECK("10", in_thread(set_thread, timer) == 0 && SleepEx(60, TRUE) == 0 && completions == 0, "or set it anew");
    due = in_ms(20);
    SetWaitableTimer(timer, &due, 0, completed, &step, FALSE);
    CHECK("10", CancelWaitableTimer(other) && SleepEx(60, TRUE) == 0 && completions == 0,
          "or after it was cancelled by another handle");
    due = in_ms(20);
    SetWaitableTimer(timer, &due, 0, completed, &step, FALSE);
    CloseHandle(other);
    CloseHandle(timer);
    CHECK("10", SleepEx(60, TRUE) == 0 && completions == 0, "or after the last handle of the timer was closed");
}

int main(int count, char **arguments)
{
    watch();
    if (count == 3 && strcmp(arguments[1], "waiter") == 0)
        return play_waiter(arguments[2]);
    due_times();
    resets();
    periods();
    waited_for_together();
    wakes_all();
    names();
    resumes();
    completion();
    completion_taken_back();
    return conclude();
}
