/*
 * Processes that do everything there is on a few shared names, and are killed at random. What holds all the time:
 * what a mutex protects is never torn unless its owner's death was told, nobody waits long, no function fails for
 * another reason than its own, and when all have ended, the names are free.
 */
#include "check.h"

enum { MUTEXES = 3, SLOTS = 6, WORKERS = 6, SECONDS = 5, STUCK_MS = 8000 };

#define MAGIC 0x600dc0deu

struct ledger {
    DWORD magic;
    volatile LONG first[MUTEXES], second[MUTEXES], owner[MUTEXES];
    volatile LONG operations, abandoned;
};

struct stage {
    const char *name;
    HANDLE mutexes[MUTEXES], automatic, manual, semaphore, mapping;
    struct ledger *ledger;
    unsigned dice;
};

static char *object_name(const struct stage *stage, const char *label, int index)
{
    static char name[400];
    snprintf(name, sizeof name, "%s.%s%d", stage->name, label, index);
    return name;
}

static unsigned below(struct stage *stage, unsigned limit)
{
    stage->dice ^= stage->dice << 13;
    stage->dice ^= stage->dice >> 17;
    stage->dice ^= stage->dice << 5;
    return (stage->dice >> 3) % limit;
}

/* Ends a worker with the line of what it found. */
#define REQUIRE(holds)                                                                                                 \
    do {                                                                                                               \
        if (!(holds)) {                                                                                                \
            fprintf(stderr, "stress.c:%d: %s, last error %u\n", __LINE__, #holds, (unsigned)GetLastError());           \
            ExitProcess(1000 + __LINE__);                                                                              \
        }                                                                                                              \
    } while (0)

static void enter_stage(struct stage *stage, const char *name)
{
    int at;
    stage->name = name;
    for (at = 0; at < MUTEXES; at++)
        REQUIRE((stage->mutexes[at] = CreateMutexA(NULL, FALSE, object_name(stage, "mutex", at))) != NULL);
    REQUIRE((stage->automatic = CreateEventA(NULL, FALSE, FALSE, object_name(stage, "auto", 0))) != NULL);
    REQUIRE((stage->manual = CreateEventA(NULL, TRUE, FALSE, object_name(stage, "manual", 0))) != NULL);
    REQUIRE((stage->semaphore = CreateSemaphoreA(NULL, 2, 4, object_name(stage, "semaphore", 0))) != NULL);
    REQUIRE((stage->mapping = section(PAGE_READWRITE, sizeof(struct ledger), object_name(stage, "ledger", 0))) != NULL);
    REQUIRE((stage->ledger = (struct ledger *)(void *)view_all(stage->mapping, FILE_MAP_WRITE)) != NULL);
}

static void leave_stage(struct stage *stage)
{
    int at;
    for (at = 0; at < MUTEXES; at++)
        CloseHandle(stage->mutexes[at]);
    CloseHandle(stage->automatic);
    CloseHandle(stage->manual);
    CloseHandle(stage->semaphore);
    UnmapViewOfFile(stage->ledger);
    CloseHandle(stage->mapping);
}

/* Changes what the mutex protects, by somebody who owns it and was told whether its last owner died. */
static void change_protected(struct stage *stage, int index, int abandoned)
{
    struct ledger *ledger = stage->ledger;
    LONG before = InterlockedExchange(&ledger->owner[index], (LONG)GetCurrentProcessId());
    REQUIRE(before == 0 || abandoned);
    REQUIRE(ledger->first[index] == ledger->second[index] || abandoned);
    ledger->first[index]++;
    if (below(stage, 4) == 0)
        SwitchToThread();
    ledger->second[index] = ledger->first[index];
    REQUIRE(InterlockedExchange(&ledger->owner[index], 0) == (LONG)GetCurrentProcessId());
    if (abandoned)
        InterlockedIncrement(&ledger->abandoned);
}

static void take_one(struct stage *stage)
{
    int index = (int)below(stage, MUTEXES), again = below(stage, 3) == 0;
    DWORD result = WaitForSingleObject(stage->mutexes[index], STUCK_MS);
    REQUIRE(result == WAIT_OBJECT_0 || result == WAIT_ABANDONED);
    if (again)
        REQUIRE(WaitForSingleObject(stage->mutexes[index], 0) == WAIT_OBJECT_0);
    change_protected(stage, index, result == WAIT_ABANDONED);
    if (again)
        REQUIRE(ReleaseMutex(stage->mutexes[index]));
    REQUIRE(ReleaseMutex(stage->mutexes[index]));
    REQUIRE(!ReleaseMutex(stage->mutexes[index]) && GetLastError() == ERROR_NOT_OWNER);
}

static void take_any(struct stage *stage)
{
    int first = (int)below(stage, MUTEXES), index;
    HANDLE objects[2];
    DWORD result;
    objects[0] = stage->mutexes[first];
    objects[1] = stage->mutexes[(first + 1) % MUTEXES];
    result = WaitForMultipleObjects(2, objects, FALSE, STUCK_MS);
    REQUIRE(result <= WAIT_OBJECT_0 + 1 || result == WAIT_ABANDONED_0 || result == WAIT_ABANDONED_0 + 1);
    index = (first + (int)(result & 1)) % MUTEXES;
    change_protected(stage, index, result >= WAIT_ABANDONED_0);
    REQUIRE(ReleaseMutex(stage->mutexes[index]));
}

static void take_all(struct stage *stage)
{
    int first = (int)below(stage, MUTEXES), second = (first + 1 + (int)below(stage, MUTEXES - 1)) % MUTEXES;
    HANDLE objects[2];
    DWORD result;
    objects[0] = stage->mutexes[first];
    objects[1] = stage->mutexes[second];
    result = WaitForMultipleObjects(2, objects, TRUE, STUCK_MS);
    REQUIRE(result <= WAIT_OBJECT_0 + 1 || result == WAIT_ABANDONED_0 || result == WAIT_ABANDONED_0 + 1);
    change_protected(stage, first, result >= WAIT_ABANDONED_0);
    change_protected(stage, second, result >= WAIT_ABANDONED_0);
    REQUIRE(ReleaseMutex(objects[0]));
    REQUIRE(ReleaseMutex(objects[1]));
}

static void use_events(struct stage *stage)
{
    DWORD result = WAIT_OBJECT_0;
    switch (below(stage, 6)) {
    case 0:
        REQUIRE(SetEvent(stage->automatic));
        break;
    case 1:
        result = WaitForSingleObject(stage->automatic, below(stage, 2));
        break;
    case 2:
        REQUIRE(SetEvent(stage->manual) && ResetEvent(stage->manual));
        break;
    case 3:
        REQUIRE(PulseEvent(stage->manual) && PulseEvent(stage->automatic));
        break;
    case 4:
        result = WaitForSingleObject(stage->manual, below(stage, 2));
        break;
    default:
        result = SignalObjectAndWait(stage->automatic, stage->manual, below(stage, 2), FALSE);
    }
    REQUIRE(result == WAIT_OBJECT_0 || result == WAIT_TIMEOUT);
}

static void use_semaphore(struct stage *stage)
{
    LONG before = -1;
    DWORD result = WaitForSingleObject(stage->semaphore, below(stage, 2));
    REQUIRE(result == WAIT_OBJECT_0 || result == WAIT_TIMEOUT);
    if (result == WAIT_OBJECT_0 || below(stage, 8) == 0) {
        if (ReleaseSemaphore(stage->semaphore, 1, &before))
            REQUIRE(before >= 0 && before < 4);
        else
            REQUIRE(GetLastError() == ERROR_TOO_MANY_POSTS && before == -1);
    }
}

static void use_views(struct stage *stage)
{
    struct ledger *view =
        (struct ledger *)(void *)view_all(stage->mapping, below(stage, 2) ? FILE_MAP_READ : FILE_MAP_WRITE);
    REQUIRE(view != NULL && view->magic == MAGIC);
    REQUIRE(query(view).AllocationBase == (void *)view);
    REQUIRE(UnmapViewOfFile((char *)view + below(stage, sizeof *view)));
}

static void use_duplicates(struct stage *stage)
{
    HANDLE copy = NULL;
    REQUIRE(DuplicateHandle(GetCurrentProcess(), stage->automatic, GetCurrentProcess(), &copy, 0, FALSE,
                            DUPLICATE_SAME_ACCESS));
    REQUIRE(copy != NULL && SetEvent(copy) && CloseHandle(copy));
    REQUIRE(!SetEvent(copy) && GetLastError() == ERROR_INVALID_HANDLE);
}

/* Creates or opens what others create, open and close at the same time. */
static void use_slots(struct stage *stage)
{
    int index = (int)below(stage, SLOTS);
    HANDLE handle;
    DWORD error;
    if (index < SLOTS / 2) {
        volatile DWORD *view;
        REQUIRE((handle = section(PAGE_READWRITE, 8192, object_name(stage, "slot", index))) != NULL);
        error = GetLastError();
        REQUIRE(error == 0 || error == ERROR_ALREADY_EXISTS);
        REQUIRE((view = (volatile DWORD *)(void *)view_all(handle, FILE_MAP_WRITE)) != NULL);
        REQUIRE(view[2047] == 0 || view[2047] == MAGIC);
        view[2047] = MAGIC;
        REQUIRE(UnmapViewOfFile((const void *)view));
    } else {
        REQUIRE((handle = CreateSemaphoreA(NULL, 1, 1, object_name(stage, "slot", index))) != NULL);
        error = GetLastError();
        REQUIRE(error == 0 || error == ERROR_ALREADY_EXISTS);
    }
    REQUIRE(CloseHandle(handle));
}

static void open_again(struct stage *stage)
{
    int index = (int)below(stage, MUTEXES);
    HANDLE other = OpenMutexA(SYNCHRONIZE, FALSE, object_name(stage, "mutex", index));
    REQUIRE(other != NULL);
    REQUIRE(CloseHandle(stage->mutexes[index]));
    stage->mutexes[index] = other;
}

static int play_worker(const char *name, const char *seed)
{
    static void (*const acts[])(struct stage *) = {take_one,      take_any,  take_all,       use_events, use_events,
                                                   use_semaphore, use_views, use_duplicates, use_slots,  open_again};
    struct stage stage;
    stage.dice = (unsigned)strtoul(seed, NULL, 10) * 2654435761u | 1;
    enter_stage(&stage, name);
    REQUIRE(stage.ledger->magic == MAGIC);
    for (;;) {
        acts[below(&stage, sizeof acts / sizeof *acts)](&stage);
        InterlockedIncrement(&stage.ledger->operations);
    }
}

/* Looks for workers that ended by themselves, which none may, and says how many. */
static unsigned ended(HANDLE *workers)
{
    unsigned at, count = 0;
    DWORD code;
    for (at = 0; at < WORKERS; at++)
        if (GetExitCodeProcess(workers[at], &code) && code != STILL_ACTIVE) {
            fprintf(stderr, "a worker has ended with code %u\n", (unsigned)code);
            count++;
        }
    return count;
}

static void kill_and_replace(struct stage *stage, HANDLE *workers, unsigned kill)
{
    unsigned index = below(stage, WORKERS);
    TerminateProcess(workers[index], 9);
    if (await(workers[index]) != WAIT_OBJECT_0)
        demand(0, "the end of a killed worker");
    CloseHandle(workers[index]);
    workers[index] = start("worker %s %u", stage->name, kill);
}

static int mutexes_are_whole(struct stage *stage)
{
    int at, whole = 1;
    for (at = 0; at < MUTEXES; at++) {
        DWORD result = WaitForSingleObject(stage->mutexes[at], STUCK_MS);
        whole = whole && (result == WAIT_OBJECT_0 || result == WAIT_ABANDONED);
        whole = whole && (result == WAIT_ABANDONED || stage->ledger->first[at] == stage->ledger->second[at]);
        ReleaseMutex(stage->mutexes[at]);
    }
    return whole;
}

static int names_are_free(struct stage *stage)
{
    static const char *const labels[] = {"mutex", "auto", "manual", "semaphore", "ledger", "slot"};
    unsigned label;
    int at, free = 1;
    for (label = 0; label < sizeof labels / sizeof *labels; label++)
        for (at = 0; at < SLOTS; at++) {
            HANDLE found = OpenEventA(SYNCHRONIZE, FALSE, object_name(stage, labels[label], at));
            free = free && !found && GetLastError() == ERROR_FILE_NOT_FOUND;
        }
    return free;
}

int main(int count, char **arguments)
{
    struct stage stage;
    HANDLE workers[WORKERS];
    unsigned at, kills = 0, failures = 0;
    LONG operations, abandoned;
    double end;
    watch();
    if (count == 4 && strcmp(arguments[1], "worker") == 0)
        return play_worker(arguments[2], arguments[3]);
    stage.dice = GetTickCount() | 1;
    printf("%s\n", named(""));
    enter_stage(&stage, named("stress"));
    stage.ledger->magic = MAGIC;
    for (at = 0; at < WORKERS; at++)
        workers[at] = start("worker %s %u", stage.name, 100000 + at);
    for (end = now_ms() + SECONDS * 1000; now_ms() < end && failures == 0; kills++) {
        Sleep(5 + below(&stage, 30));
        failures += ended(workers);
        kill_and_replace(&stage, workers, kills);
    }
    for (at = 0; at < WORKERS; at++)
        kill_process(workers[at]);
    operations = stage.ledger->operations;
    abandoned = stage.ledger->abandoned;
    CHECK("S", failures == 0, "no worker ends by itself");
    CHECK("S", operations > 1000 && kills > 20, "much is done and many are killed");
    CHECK("S", mutexes_are_whole(&stage), "what the mutexes protect is whole, or its owner's death is told");
    leave_stage(&stage);
    CHECK("S", names_are_free(&stage), "the names are free");
    fprintf(stderr, "%ld operations, %u kills, %ld abandoned\n", (long)operations, kills, (long)abandoned);
    return conclude();
}
