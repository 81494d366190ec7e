/* A Windows program that meets Coview through the raw API: the other side of tests/others_windows.rs.
 * Usage: win32_peer. It takes orders in lines, on one object of each kind, and answers in lines that begin with @@:
 *   map create NAME SIZE | map open NAME | r OFFSET | w OFFSET TEXT
 *   mutex create NAME | mutex open NAME | lock | unlock
 *   event create NAME auto|manual | event open NAME | set | reset | wait
 *   semaphore create NAME INITIAL MAXIMUM | semaphore open NAME | acquire | release COUNT
 * Built by x86_64-w64-mingw32-gcc -Wall -o win32_peer.exe win32_peer.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static HANDLE map, mutex, event, semaphore;
static char *bytes;

static void answer(const char *what) {
    printf("@@%s\n", what);
    fflush(stdout);
}

static void made(HANDLE handle) {
    DWORD code = GetLastError();
    char text[64];
    snprintf(text, sizeof text, handle ? (code == ERROR_ALREADY_EXISTS ? "exists" : "ok") : "error %lu", (unsigned long)code);
    answer(text);
}

static void waited(HANDLE handle) {
    switch (WaitForSingleObject(handle, 5000)) {
    case WAIT_OBJECT_0: answer("ok"); break;
    case WAIT_ABANDONED: answer("abandoned"); break;
    case WAIT_TIMEOUT: answer("timeout"); break;
    default: answer("failed");
    }
}

static void view(void) {
    bytes = map ? MapViewOfFile(map, FILE_MAP_ALL_ACCESS, 0, 0, 0) : NULL;
}

int main(void) {
    static char line[1024], name[512], text[256];
    long number, other;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        SetLastError(0);
        if (sscanf(line, "map create %511s %ld", name, &number) == 2) {
            map = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, number, name);
            made(map);
            view();
        } else if (sscanf(line, "map open %511s", name) == 1) {
            map = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
            made(map);
            view();
        } else if (sscanf(line, "r %ld", &number) == 1) {
            answer(bytes + number);
        } else if (sscanf(line, "w %ld %255[^\n]", &number, text) == 2) {
            strcpy(bytes + number, text);
            answer("ok");
        } else if (sscanf(line, "mutex create %511s", name) == 1) {
            made(mutex = CreateMutexA(NULL, FALSE, name));
        } else if (sscanf(line, "mutex open %511s", name) == 1) {
            made(mutex = OpenMutexA(MUTEX_ALL_ACCESS, FALSE, name));
        } else if (!strcmp(line, "lock")) {
            waited(mutex);
        } else if (!strcmp(line, "unlock")) {
            answer(ReleaseMutex(mutex) ? "ok" : "failed");
        } else if (sscanf(line, "event create %511s %255s", name, text) == 2) {
            made(event = CreateEventA(NULL, !strcmp(text, "manual"), FALSE, name));
        } else if (sscanf(line, "event open %511s", name) == 1) {
            made(event = OpenEventA(EVENT_ALL_ACCESS, FALSE, name));
        } else if (!strcmp(line, "set")) {
            answer(SetEvent(event) ? "ok" : "failed");
        } else if (!strcmp(line, "reset")) {
            answer(ResetEvent(event) ? "ok" : "failed");
        } else if (!strcmp(line, "wait")) {
            waited(event);
        } else if (sscanf(line, "semaphore create %511s %ld %ld", name, &number, &other) == 3) {
            made(semaphore = CreateSemaphoreA(NULL, number, other, name));
        } else if (sscanf(line, "semaphore open %511s", name) == 1) {
            made(semaphore = OpenSemaphoreA(SEMAPHORE_ALL_ACCESS, FALSE, name));
        } else if (!strcmp(line, "acquire")) {
            waited(semaphore);
        } else if (sscanf(line, "release %ld", &number) == 1) {
            answer(ReleaseSemaphore(semaphore, number, NULL) ? "ok" : "failed");
        } else {
            answer("what?");
        }
    }
    return 0;
}
