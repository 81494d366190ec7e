/* Section 7: semaphores. */
#include "check.h"

static unsigned creation_error(LONG initial, LONG maximum, const char *name)
{
    HANDLE semaphore;
    unsigned error = ERROR_OF((semaphore = CreateSemaphoreA(NULL, initial, maximum, name)) != NULL);
    if (semaphore)
        CloseHandle(semaphore);
    return error;
}

/* The count, found by taking and giving back all there is. */
static LONG count_of(HANDLE semaphore)
{
    LONG count = 0;
    while (poll_once(semaphore) == WAIT_OBJECT_0)
        count++;
    if (count)
        ReleaseSemaphore(semaphore, count, NULL);
    return count;
}

static void counts(void)
{
    HANDLE semaphore = CreateSemaphoreA(NULL, 3, 5, named("counts"));
    LONG before = -7;
    CHECK("7.1", semaphore && count_of(semaphore) == 3, "a semaphore begins with its initial count");
    CHECK("7.1",
          creation_error(0, 1, NULL) == 0 && creation_error(1, 1, NULL) == 0
              && creation_error(0, 0x7fffffff, NULL) == 0,
          "0 <= initial <= maximum, INT_MAX is fine");
    CHECK("7.1", creation_error(0x7fffffff, 0x7fffffff, NULL) == 0, "also as the initial count");
    CHECK("7.1", creation_error(0, 0, NULL) == 87, "maximum 0 fails with 87");
    CHECK("7.1",
          creation_error(-1, 1, NULL) == 87 && creation_error(0, -1, NULL) == 87 && creation_error(-1, -1, NULL) == 87,
          "negative counts fail with 87");
    CHECK("7.1", creation_error(2, 1, NULL) == 87, "more than the maximum fails with 87");
    CHECK("7.1", creation_error(2, 1, named("counts")) == 87 && creation_error(0, 0, named("counts")) == 87,
          "and so with an existing name");
    CloseHandle(semaphore);
    semaphore = CreateSemaphoreA(NULL, 0x7ffffffe, 0x7fffffff, NULL);
    CHECK("7.1", ReleaseSemaphore(semaphore, 1, &before) && before == 0x7ffffffe, "counts go up to INT_MAX");
    CHECK_ERROR("7.2", !ReleaseSemaphore(semaphore, 0x7fffffff, NULL), ERROR_TOO_MANY_POSTS,
                "an overflow fails with 298");
    CloseHandle(semaphore);
}

static DWORD WINAPI wait_thread(LPVOID semaphore)
{
    return await(semaphore);
}

static DWORD WINAPI release_thread(LPVOID semaphore)
{
    return ReleaseSemaphore(semaphore, 1, NULL) != 0;
}

static void releases(void)
{
    HANDLE semaphore = CreateSemaphoreA(NULL, 1, 4, NULL), threads[4];
    LONG before = -7;
    int at;
    DWORD failures = 0;
    CHECK_ERROR_WINDOWS("7.2", !ReleaseSemaphore(semaphore, 0, NULL), 87, "ReleaseSemaphore of 0 fails with 87");
    CHECK_ERROR_WINDOWS("7.2", !ReleaseSemaphore(semaphore, -1, NULL), 87, "of -1 too");
    CHECK("7.2", count_of(semaphore) == 1, "and changes nothing");
    CHECK_ERROR("7.2", !ReleaseSemaphore(semaphore, 4, &before), ERROR_TOO_MANY_POSTS,
                "more than the maximum fails with 298");
    CHECK("7.2", before == -7, "then the previous count is not written");
    CHECK("7.2", count_of(semaphore) == 1, "and nothing changes");
    CHECK("7.2", ReleaseSemaphore(semaphore, 2, &before) && before == 1, "else the count before is told");
    CHECK("7.2", count_of(semaphore) == 3, "and the count has grown");
    CHECK("7.2", ReleaseSemaphore(semaphore, 1, NULL) && count_of(semaphore) == 4, "the pointer may be NULL");
    for (at = 0; at < 4; at++)
        poll_once(semaphore);
    for (at = 0; at < 4; at++)
        threads[at] = thread(wait_thread, semaphore);
    settle(2);
    ReleaseSemaphore(semaphore, 4, &before);
    for (at = 0; at < 4; at++)
        failures += join(threads[at]);
    CHECK("7.2", failures == 0 && before == 0 && count_of(semaphore) == 0, "a release of 4 wakes 4 waiters");
    CHECK("7.2", in_thread(release_thread, semaphore) && count_of(semaphore) == 1, "any thread may release");
    in_thread(wait_thread, semaphore);
    CHECK("7.2", poll_once(semaphore) == WAIT_TIMEOUT, "who ends after taking leaves it taken: never abandoned");
    CloseHandle(semaphore);
}

static void existing(void)
{
    const char *name = named("existing");
    HANDLE semaphore = CreateSemaphoreA(NULL, 1, 3, name), other = CreateSemaphoreA(NULL, 7, 9, name), limited;
    CHECK("7.3", other && GetLastError() == ERROR_ALREADY_EXISTS && count_of(other) == 1,
          "with an existing name the counts are ignored");
    CHECK_ERROR("7.3", !ReleaseSemaphore(other, 3, NULL), ERROR_TOO_MANY_POSTS, "the maximum is the object's");
    CHECK("7.3", ReleaseSemaphore(other, 2, NULL) && count_of(semaphore) == 3, "and both handles are one object");
    CloseHandle(other);
    limited = OpenSemaphoreA(SYNCHRONIZE, FALSE, name);
    CHECK("7.3", poll_once(limited) == WAIT_OBJECT_0, "SYNCHRONIZE waits");
    CHECK_ERROR("7.3", !ReleaseSemaphore(limited, 1, NULL), 5, "ReleaseSemaphore needs SEMAPHORE_MODIFY_STATE: 5");
    CloseHandle(limited);
    limited = OpenSemaphoreW(SEMAPHORE_MODIFY_STATE, FALSE, wide(name));
    CHECK("7.3", ReleaseSemaphore(limited, 1, NULL), "with which it goes");
    CHECK_ERROR("7.3", poll_once(limited) == WAIT_FAILED, 5, "but waiting needs SYNCHRONIZE: 5");
    CloseHandle(limited);
    limited = CreateSemaphoreExA(NULL, 1, 1, NULL, 0, SYNCHRONIZE);
    CHECK_ERROR("7.3", !ReleaseSemaphore(limited, 1, NULL), 5, "CreateSemaphoreEx limits even the creator's handle");
    CloseHandle(limited);
    limited = CreateSemaphoreExW(NULL, 0, 1, NULL, 0, SEMAPHORE_ALL_ACCESS);
    CHECK("7.3", ReleaseSemaphore(limited, 1, NULL) && poll_once(limited) == WAIT_OBJECT_0,
          "SEMAPHORE_ALL_ACCESS has all");
    CloseHandle(limited);
    limited = NULL;
    CHECK_ERROR_WINDOWS("7.3", !(limited = OpenSemaphoreA(0, FALSE, name)), 5,
                        "OpenSemaphore with access 0 fails with 5");
    CloseHandle(limited);
    CloseHandle(semaphore);
}

/* Takes tokens until there are none for a while; the exit code is how many. */
static int play_taker(const char *name, const char *over_name)
{
    HANDLE objects[2];
    int taken = 0;
    objects[0] = OpenSemaphoreA(SYNCHRONIZE, FALSE, name);
    objects[1] = OpenEventA(SYNCHRONIZE, FALSE, over_name);
    while (WaitForMultipleObjects(2, objects, FALSE, LIMIT_MS) == WAIT_OBJECT_0)
        taken++;
    return taken;
}

static void between_processes(void)
{
    HANDLE semaphore = CreateSemaphoreA(NULL, 0, 1000, named("tokens")), over = signal_named(named("over")),
           children[3];
    unsigned at, taken = 0;
    for (at = 0; at < 3; at++)
        children[at] = start("taker %s %s", named("tokens"), named("over"));
    for (at = 0; at < 100; at++)
        ReleaseSemaphore(semaphore, 1 + at % 3, NULL);
    SetEvent(over);
    for (at = 0; at < 3; at++)
        taken += finish(children[at]);
    CHECK("7.2", taken == 199, "three processes take each of 199 tokens once");
    CHECK("7.2", poll_once(semaphore) == WAIT_TIMEOUT, "and leave none");
    CloseHandle(semaphore);
    CloseHandle(over);
}

int main(int count, char **arguments)
{
    watch();
    if (count == 4 && strcmp(arguments[1], "taker") == 0)
        return play_taker(arguments[2], arguments[3]);
    counts();
    releases();
    existing();
    between_processes();
    return conclude();
}
