/*
 * The C side of interop.rs: objects under common names, driven by lines on standard input.
 *
 * It is started with `create` or `open` and a prefix, and answers each line by one line: a number, or a text.
 */
#include "check.h"

enum { MAPPING_SIZE = 5000 };

static HANDLE mapping, mutex, event, semaphore, timer;
static char *view;

static const char *object_name(const char *prefix, const char *label)
{
    static char name[400];
    snprintf(name, sizeof name, "%s.%s", prefix, label);
    return name;
}

static void create_all(const char *prefix)
{
    mapping = section(PAGE_READWRITE, MAPPING_SIZE, object_name(prefix, "mapping"));
    mutex = CreateMutexA(NULL, FALSE, object_name(prefix, "mutex"));
    event = CreateEventA(NULL, FALSE, FALSE, object_name(prefix, "event"));
    semaphore = CreateSemaphoreA(NULL, 1, 3, object_name(prefix, "semaphore"));
    timer = CreateWaitableTimerA(NULL, TRUE, object_name(prefix, "timer"));
}

static void open_all(const char *prefix)
{
    mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, object_name(prefix, "mapping"));
    mutex = OpenMutexA(MUTEX_ALL_ACCESS, FALSE, object_name(prefix, "mutex"));
    event = OpenEventA(EVENT_ALL_ACCESS, FALSE, object_name(prefix, "event"));
    semaphore = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, object_name(prefix, "semaphore"));
    timer = OpenWaitableTimerA(TIMER_ALL_ACCESS, FALSE, object_name(prefix, "timer"));
}

static HANDLE object(const char *label)
{
    switch (label[0]) {
    case 'm':
        return mutex;
    case 'e':
        return event;
    case 's':
        return semaphore;
    default:
        return timer;
    }
}

static void say(unsigned number)
{
    printf("%u\n", number);
}

static unsigned release(LONG count)
{
    LONG before = 0;
    return ReleaseSemaphore(semaphore, count, &before) ? (unsigned)before : 1000 + (unsigned)GetLastError();
}

static unsigned set_timer(LONG ms)
{
    LARGE_INTEGER due;
    due.QuadPart = -(LONGLONG)ms * 10000;
    return ERROR_OF(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
}

static unsigned wait_for_all(void)
{
    HANDLE objects[2];
    objects[0] = mutex;
    objects[1] = event;
    return (unsigned)WaitForMultipleObjects(2, objects, TRUE, LIMIT_MS);
}

static void obey(const char *verb, const char *argument)
{
    if (strcmp(verb, "poll") == 0)
        say((unsigned)poll_once(object(argument)));
    else if (strcmp(verb, "wait") == 0)
        say((unsigned)await(object(argument)));
    else if (strcmp(verb, "waitall") == 0)
        say(wait_for_all());
    else if (strcmp(verb, "unlock") == 0)
        say(ERROR_OF(ReleaseMutex(mutex)));
    else if (strcmp(verb, "set") == 0)
        say(ERROR_OF(SetEvent(event)));
    else if (strcmp(verb, "pulse") == 0)
        say(ERROR_OF(PulseEvent(event)));
    else if (strcmp(verb, "release") == 0)
        say(release(atoi(argument)));
    else if (strcmp(verb, "timer") == 0)
        say(set_timer(atoi(argument)));
    else if (strcmp(verb, "write") == 0)
        say((unsigned)strlen(strcpy(view, argument)));
    else if (strcmp(verb, "read") == 0)
        printf("%s\n", view);
    else if (strcmp(verb, "kill") == 0)
        TerminateProcess(GetCurrentProcess(), 9);
    else
        printf("what is %s\n", verb);
}

int main(int count, char **arguments)
{
    char line[300], verb[20], argument[200];
    watch();
    demand(count == 3, "what to do, and a prefix");
    if (strcmp(arguments[1], "create") == 0)
        create_all(arguments[2]);
    else
        open_all(arguments[2]);
    demand(mapping && mutex && event && semaphore && timer, "the objects");
    view = view_all(mapping, FILE_MAP_WRITE);
    demand(view != NULL, "the view");
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        argument[0] = 0;
        if (sscanf(line, "%19s %199s", verb, argument) >= 1)
            obey(verb, argument);
        fflush(stdout);
    }
    return 0;
}
