/*
 * What a program may do on Linux that Windows does not know: use handles in signal handlers, in forked children, and from
 * constructors to destructors. It is not run under Wine.
 */
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sys/syscall.h>

enum { SIGNALS = 30000, FORKS = 150 };

static HANDLE of_handler, before_main;
static volatile HANDLE of_look;
static volatile LONG over, handled, step_of_end;

static void set_in_handler(int number)
{
    (void)number;
    SetEvent(of_handler);
    handled++;
}

static DWORD WINAPI look_thread(LPVOID unused)
{
    sigset_t ours;
    (void)unused;
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
    while (!over)
        SetEvent(of_look);
    return 0;
}

static DWORD WINAPI close_thread(LPVOID unused)
{
    (void)unused;
    while (!over) {
        HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
        volatile int pause;
        of_look = event;
        for (pause = 0; pause < 200; pause++) {
        }
        CloseHandle(event);
    }
    return 0;
}

/* The handler interrupts looks at handles that another thread is closing. */
static void signals(void)
{
    sigset_t ours;
    HANDLE looker, closer;
    int at;
    sigemptyset(&ours);
    sigaddset(&ours, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &ours, NULL);
    of_handler = CreateEventA(NULL, TRUE, FALSE, NULL);
    of_look = of_handler;
    signal(SIGUSR1, set_in_handler);
    over = 0;
    looker = thread(look_thread, NULL);
    closer = thread(close_thread, NULL);
    for (at = 0; at < SIGNALS; at++)
        syscall(SYS_tgkill, getpid(), (pid_t)GetThreadId(looker), SIGUSR1);
    over = 1;
    join(closer);
    join(looker);
    CHECK("B", handled > 0 && poll_once(of_handler) == WAIT_OBJECT_0,
          "a signal handler sets an event while handles are looked at and closed");
    CloseHandle(of_handler);
}

static inline DWORD WINAPI churn_thread(LPVOID mapping)
{
    while (!over) {
        HANDLE copy;
        void *view;
        DuplicateHandle(GetCurrentProcess(), mapping, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
        view = MapViewOfFile(copy, FILE_MAP_WRITE, 0, 0, 0);
        query(view);
        UnmapViewOfFile(view);
        CloseHandle(copy);
    }
    return 0;
}

static inline DWORD WINAPI threads_thread(LPVOID event)
{
    while (!over)
        join(thread(poll_thread, event));
    return 0;
}

static inline int use_handles(HANDLE mapping, HANDLE inherited)
{
    HANDLE own = CreateEventA(NULL, FALSE, FALSE, NULL);
    void *view = MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0);
    int well = own && view && SetEvent(own) && poll_once(own) == WAIT_OBJECT_0 && CloseHandle(own) &&
               UnmapViewOfFile(view) && SetEvent(inherited) && SleepEx(0, TRUE) == 0 && CloseHandle(inherited);
    return well ? 0 : 1;
}

/* A child is forked in the middle of everything that the other threads do. */
static inline void forks(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 0x10000, NULL), event = CreateEventA(NULL, TRUE, FALSE, NULL), threads[3];
    int at, failures = 0;
    over = 0;
    threads[0] = thread(churn_thread, mapping);
    threads[1] = thread(churn_thread, mapping);
    threads[2] = thread(threads_thread, event);
    for (at = 0; at < FORKS; at++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            alarm(10);
            _exit(use_handles(mapping, event));
        }
        waitpid(child, &status, 0);
        failures += status != 0;
    }
    over = 1;
    for (at = 0; at < 3; at++)
        join(threads[at]);
    CHECK("B", failures == 0, "a forked child uses handles and makes its own, whatever other threads did meanwhile");
    CHECK("B", poll_once(event) == WAIT_OBJECT_0, "and its parent's objects are the same");
    CloseHandle(event);
    CloseHandle(mapping);
}

/* The slot of a handle that replaces itself is not remembered as free. */
static void replaced_handles(void)
{
    HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), next, other, third;
    int at, same = 0;
    for (at = 0; at < 1000; at++) {
        DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &next, 0, FALSE,
                        DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
        same += next == event;
    }
    other = CreateEventA(NULL, TRUE, FALSE, NULL);
    third = CreateEventA(NULL, TRUE, FALSE, NULL);
    CHECK("9.2", same == 1000 && other != event && third != event && other != third && SetEvent(event),
          "a handle that replaces itself keeps its value however often, and nobody else gets that");
    CloseHandle(event);
    CloseHandle(other);
    CloseHandle(third);
}

static DWORD WINAPI wait_for_first(LPVOID first)
{
    DWORD code = 0;
    int well = await(first) == WAIT_OBJECT_0 && GetExitCodeThread(first, &code) && code == 5;
    return well ? 0 : 1;
}

/* The first thread leaves; another one sees its handle signaled, and its exit code is the process's. */
static int play_first_thread(void)
{
    HANDLE first;
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &first, 0, FALSE,
                    DUPLICATE_SAME_ACCESS);
    thread(wait_for_first, first);
    ExitThread(5);
}

static HANDLE owned;

__attribute__((constructor)) static void before(void)
{
    before_main = CreateEventA(NULL, TRUE, FALSE, NULL);
}

static void at_exit(void)
{
    if (owned && WaitForSingleObject(owned, 0) == WAIT_OBJECT_0 && ReleaseMutex(owned) && ReleaseMutex(owned) &&
        SleepEx(0, TRUE) == 0)
        step_of_end++;
}

__attribute__((destructor)) static void after(void)
{
    if (owned && SetEvent(before_main) && poll_once(before_main) == WAIT_OBJECT_0 && step_of_end == 1)
        ExitProcess(7);
}

/* What was taken before `exit` is still there in what the program does after it. */
static int play_exit(void)
{
    atexit(at_exit);
    owned = CreateMutexA(NULL, TRUE, NULL);
    SetEvent(before_main);
    ExitProcess(3);
}

int main(int count, char **arguments)
{
    watch();
    if (count == 2 && strcmp(arguments[1], "first") == 0)
        return play_first_thread();
    if (count == 2 && strcmp(arguments[1], "exit") == 0)
        return play_exit();
    signals();
#ifndef __SANITIZE_ADDRESS__
    /* The sanitizer's own allocator is locked for ever in a child that is forked while another thread uses it. */
    forks();
#endif
    replaced_handles();
    CHECK("8.8", finish(start("first")) == 0, "the handle of the first thread is signaled when it leaves by ExitThread");
    CHECK("B", finish(start("exit")) == 7,
          "handlers of exit and destructors find events, mutexes that are owned, and ExitProcess once more");
    return conclude();
}
