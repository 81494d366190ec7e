/* Section 1: names. */
#include "kinds.h"

static void compares_exactly(void)
{
    HANDLE lower = CreateMutexA(NULL, FALSE, named("case")), upper;
    CHECK("1.1", opens(MUTEX, named("case")), "a name finds its object");
    CHECK("1.1", open_failure(MUTEX, named("Case")) == ERROR_FILE_NOT_FOUND, "names are case sensitive for OpenX");
    upper = CreateMutexA(NULL, FALSE, named("CASE"));
    CHECK("1.1", upper && GetLastError() == 0, "a name in other case is another object");
    CloseHandle(upper);
    CloseHandle(lower);
}

static void narrow_and_wide_share(void)
{
    int kind, found = 0, created = 0, opened = 0;
    for (kind = 0; kind < KINDS; kind++) {
        HANDLE narrow = create_kind(kind, named("shared")), other = create_kind_wide(kind, wide(named("shared")));
        found += other != NULL && GetLastError() == ERROR_ALREADY_EXISTS;
        CloseHandle(other);
        other = open_kind_wide(kind, wide(named("shared")));
        opened += other != NULL;
        CloseHandle(other);
        CloseHandle(narrow);
        narrow = create_kind_wide(kind, wide(named("shared")));
        created += open_failure(kind, named("shared")) == 0;
        CloseHandle(narrow);
    }
    CHECK("1.1", found == KINDS, "CreateXW finds what CreateXA made");
    CHECK("1.1", opened == KINDS, "OpenXW finds what CreateXA made");
    CHECK("1.1", created == KINDS, "OpenXA finds what CreateXW made");
}

static void narrow_is_the_code_page(void)
{
    /* A unit above the ASCII range, which no A-name of other letters can be. */
    WCHAR name[64];
    HANDLE handle;
    memcpy(name, wide(named("unit-x")), sizeof name);
    name[strlen(named("unit-x")) - 1] = 0x2713;
    handle = CreateEventW(NULL, TRUE, FALSE, name);
    CHECK("1.1", handle && GetLastError() == 0, "CreateXW takes units beyond ASCII");
    CloseHandle(CreateEventW(NULL, TRUE, FALSE, name));
    CHECK("1.1", GetLastError() == ERROR_ALREADY_EXISTS, "and finds them again");
    name[strlen(named("unit-x")) - 1] = 0x2714;
    CHECK_ERROR("1.1", !OpenEventW(SYNCHRONIZE, FALSE, name), ERROR_FILE_NOT_FOUND, "another unit is another name");
    name[strlen(named("unit-x")) - 1] = 0xd800;
    CloseHandle(handle);
    handle = CreateEventW(NULL, TRUE, FALSE, name);
    CHECK("1.1", handle && GetLastError() == 0, "half a surrogate pair is a unit like any other");
    name[strlen(named("unit-x")) - 1] = 0xd801;
    CHECK_ERROR("1.1", !OpenEventW(SYNCHRONIZE, FALSE, name), ERROR_FILE_NOT_FOUND, "and differs from another half");
    CloseHandle(handle);
}

static void one_namespace(void)
{
    int kind, other, creations = 0, opens_failed = 0, survived = 0;
    for (kind = 0; kind < KINDS; kind++) {
        HANDLE handle = create_kind(kind, named("kinds"));
        for (other = 0; other < KINDS; other++) {
            creations += other != kind && create_failure(other, named("kinds")) == ERROR_INVALID_HANDLE;
            opens_failed += other != kind && open_failure(other, named("kinds")) == ERROR_INVALID_HANDLE;
        }
        survived += opens(kind, named("kinds"));
        CloseHandle(handle);
    }
    CHECK("1.2", creations == KINDS * (KINDS - 1), "CreateX with a name that another kind holds fails with 6");
    CHECK("1.2", opens_failed == KINDS * (KINDS - 1), "OpenX with a name that another kind holds fails with 6");
    CHECK("1.2", survived == KINDS, "and leaves the object as it is");
}

static const char *prefixed(const char *prefix, const char *label)
{
    static char names[8][500];
    static unsigned next;
    char *name = names[next++ % 8];
    snprintf(name, sizeof names[0], "%s%s", prefix, named(label));
    return name;
}

static void prefixes(void)
{
    HANDLE plain = CreateEventA(NULL, TRUE, FALSE, named("prefix")), global;
    CHECK("1.3", opens(EVENT, prefixed("Local\\", "prefix")), "Local\\x finds x");
    CHECK("1.3", open_failure(EVENT, prefixed("Global\\", "prefix")) == ERROR_FILE_NOT_FOUND,
          "Global\\x does not find x");
    CHECK("1.3", opens(EVENT, prefixed("Local\\Local\\", "prefix")), "Local\\Local\\x finds x");
    CHECK_WINDOWS("1.3", opens(EVENT, prefixed("Global\\Local\\", "prefix")), "Global\\Local\\x finds x");
    CHECK("1.3", both_fail(prefixed("local\\", "prefix"), ERROR_PATH_NOT_FOUND, 0xffff), "local\\x fails with 3");
    CHECK("1.3", both_fail(prefixed("LOCAL\\", "prefix"), ERROR_PATH_NOT_FOUND, 0xffff), "LOCAL\\x fails with 3");
    CHECK("1.3", both_fail(prefixed("GLOBAL\\", "prefix"), ERROR_PATH_NOT_FOUND, 0xffff), "GLOBAL\\x fails with 3");
    CloseHandle(plain);

    global = CreateEventA(NULL, TRUE, FALSE, prefixed("Global\\", "machine"));
    CHECK("1.3", global && GetLastError() == 0, "Global\\x can be created");
    CHECK("1.3", opens(EVENT, prefixed("Global\\", "machine")), "and opened");
    CHECK("1.3", open_failure(EVENT, named("machine")) == ERROR_FILE_NOT_FOUND, "x does not find Global\\x");
    CloseHandle(global);

    plain = CreateEventA(NULL, TRUE, FALSE, prefixed("Local\\", "back"));
    CHECK("1.3", opens(EVENT, named("back")), "x finds Local\\x");
    CloseHandle(plain);
}

static int kinds_take(const char *name)
{
    int kind, taken = 0;
    for (kind = 0; kind < KINDS; kind++) {
        HANDLE handle = create_kind(kind, name);
        taken += handle && GetLastError() == 0 && opens(kind, name);
        CloseHandle(handle);
    }
    return taken == KINDS;
}

static void characters(void)
{
    char slash[400];
    CHECK("1.4", kinds_take(named("/ : * ? \" < > | . %41")), "any character but the backslash is allowed");
    snprintf(slash, sizeof slash, "/%s", named("slash"));
    CHECK("1.4", kinds_take(slash), "a slash may be the first");
    snprintf(slash, sizeof slash, "../%s", named("up/.."));
    CHECK("1.4", kinds_take(slash), "dots and slashes mean nothing");
    snprintf(slash, sizeof slash, " %s .", named("blank"));
    CHECK("1.4", kinds_take(slash), "blanks and dots at the ends count");
    CHECK("1.4", kinds_take(prefixed("Global/", "slash")), "Global/x is a name like any other");
    CHECK("1.4", kinds_take(prefixed("Local\\", "/ : *")), "and so behind Local\\");
    CHECK("1.4", kinds_take(named("a\tb\nc\x7f")), "control characters too");
}

static void backslashes(void)
{
    char name[400];
    HANDLE event;
    CHECK("1.4", both_fail(prefixed("dir\\", "x"), ERROR_PATH_NOT_FOUND, 0xffff), "an unknown directory fails with 3");
    CHECK("1.4", both_fail(prefixed("Local\\dir\\", "x"), ERROR_PATH_NOT_FOUND, 0xffff), "and so behind Local\\");
    CHECK("1.4", both_fail(prefixed("Global\\dir\\", "x"), ERROR_PATH_NOT_FOUND, 0xffff), "and so behind Global\\");
    CHECK("1.4", both_fail(named("x\\"), ERROR_PATH_NOT_FOUND, 0xffff), "a backslash at the end fails with 3");
    CHECK("1.4", both_fail(named("a\\\\b"), ERROR_PATH_NOT_FOUND, ERROR_INVALID_NAME),
          "two backslashes fail with 3 or 123");
    CHECK("1.4", both_fail(prefixed("\\", "x"), ERROR_BAD_PATHNAME, 0xffff), "a backslash in front fails with 161");
    CHECK("1.4", both_fail("\\", ERROR_BAD_PATHNAME, 0xffff), "and so a backslash alone");
    CHECK("1.4", both_fail("Local\\", ERROR_INVALID_NAME, 0xffff), "Local\\ alone fails with 123");
    CHECK("1.4", both_fail("Global\\", ERROR_INVALID_NAME, 0xffff), "Global\\ alone fails with 123");
    CHECK("1.4", both_fail("Local", ERROR_INVALID_HANDLE, 0xffff), "Local is taken");
    CHECK("1.4", both_fail("Global", ERROR_INVALID_HANDLE, 0xffff), "Global is taken");
    CHECK("1.4", both_fail("Session", ERROR_INVALID_HANDLE, 0xffff), "Session is taken");
    event = CreateEventA(NULL, TRUE, FALSE, named("ev"));
    snprintf(name, sizeof name, "%s\\sub", named("ev"));
    CHECK("1.4", all_create_with(name, ERROR_PATH_NOT_FOUND, ERROR_INVALID_HANDLE), "CreateX below an object: 3 or 6");
    CHECK_WINDOWS("1.4", all_open_with(name, ERROR_PATH_NOT_FOUND, ERROR_INVALID_HANDLE),
                  "OpenX below an object: 3 or 6");
    CloseHandle(event);
}

static void no_name(void)
{
    int kind, created = 0, refused = 0, refused_wide = 0;
    for (kind = 0; kind < KINDS; kind++) {
        HANDLE one = create_kind(kind, NULL), two;
        created += one && GetLastError() == 0;
        two = create_kind_wide(kind, NULL);
        created += two && GetLastError() == 0;
        CloseHandle(one);
        CloseHandle(two);
        refused += open_failure(kind, NULL) == ERROR_INVALID_PARAMETER;
        SetLastError(UNTOUCHED);
        refused_wide += open_kind_wide(kind, NULL) == NULL && GetLastError() == ERROR_INVALID_PARAMETER;
    }
    CHECK("1.5", created == 2 * KINDS, "CreateX without a name makes an unnamed object, last error 0");
    CHECK("1.5", refused == KINDS, "OpenXA without a name fails with 87");
    CHECK("1.5", refused_wide == KINDS, "OpenXW without a name fails with 87");
}

static void empty_name(void)
{
    HANDLE one = CreateEventA(NULL, TRUE, TRUE, ""), two;
    int kind, created = 0, refused = 0;
    CHECK("1.6", one && GetLastError() == 0, "CreateX(\"\") makes an object");
    two = CreateEventA(NULL, TRUE, FALSE, "");
    CHECK("1.6", two && GetLastError() == 0, "and the next is new too");
    CHECK("1.6", poll_once(one) == WAIT_OBJECT_0 && poll_once(two) == WAIT_TIMEOUT, "and another one");
    CloseHandle(one);
    CloseHandle(two);
    for (kind = 0; kind < KINDS; kind++) {
        HANDLE handle = create_kind_wide(kind, W(""));
        created += handle && GetLastError() == 0;
        refused += open_failure(kind, "") == ERROR_INVALID_HANDLE;
        CloseHandle(handle);
    }
    CHECK("1.6", created == KINDS, "so for every kind");
    CHECK("1.6", refused == KINDS, "OpenX(\"\") fails with 6");
}

/* A name of this process with exactly so many characters. */
static const char *long_name(size_t length, char last)
{
    static char name[1200];
    memset(name, 'n', length);
    memcpy(name, named(""), strlen(named("")));
    name[length - 1] = last;
    name[length] = 0;
    return name;
}

static void narrow_lengths(void)
{
    CHECK("1.7", kinds_take(long_name(255, 'a')), "255 characters are a name for A-functions");
    CHECK("1.7", kinds_take(long_name(259, 'a')), "259 characters too");
    CHECK_WINDOWS("1.7", kinds_take(long_name(260, 'a')), "260 characters too");
    CHECK("1.7", both_fail(long_name(261, 'a'), ERROR_FILENAME_EXCED_RANGE, 0xffff), "261 characters fail with 206");
    CHECK("1.7", both_fail(long_name(1000, 'a'), ERROR_FILENAME_EXCED_RANGE, 0xffff), "and so 1000");
}

static void wide_lengths(void)
{
    static WCHAR longest[32768];
    HANDLE one = CreateMutexW(NULL, FALSE, wide(long_name(1000, 'a'))), two;
    int at;
    CHECK("1.7", one && GetLastError() == 0, "1000 characters are a name for W-functions");
    two = CreateMutexW(NULL, FALSE, wide(long_name(1000, 'b')));
    CHECK("1.7", two && GetLastError() == 0, "the last character counts");
    CloseHandle(two);
    two = OpenMutexW(MUTEX_ALL_ACCESS, FALSE, wide(long_name(1000, 'a')));
    CHECK("1.7", two != NULL, "the same 1000 characters find it");
    CloseHandle(two);
    CloseHandle(one);

    for (at = 0; at < 32766; at++)
        longest[at] = 'l';
    memcpy(longest, wide(named("")), strlen(named("")) * sizeof(WCHAR));
    one = CreateMutexW(NULL, FALSE, longest);
    CHECK("1.7", one && GetLastError() == 0, "32766 characters are a name for W-functions");
    two = OpenMutexW(MUTEX_ALL_ACCESS, FALSE, longest);
    CHECK("1.7", two != NULL, "and find their object");
    CloseHandle(two);
    longest[32765] = 'm';
    CHECK_ERROR("1.7", !OpenMutexW(MUTEX_ALL_ACCESS, FALSE, longest), ERROR_FILE_NOT_FOUND, "every one of them counts");
    CloseHandle(one);
}

static void lives_as_long_as_handles(void)
{
    int kind, gone = 0, alive = 0, again = 0;
    for (kind = 0; kind < KINDS; kind++) {
        HANDLE first = create_kind(kind, named("life")), second = open_kind(kind, named("life")), copy = NULL;
        DuplicateHandle(GetCurrentProcess(), second, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
        CloseHandle(first);
        alive += opens(kind, named("life"));
        CloseHandle(second);
        alive += opens(kind, named("life"));
        CloseHandle(copy);
        gone += open_failure(kind, named("life")) == ERROR_FILE_NOT_FOUND;
        first = create_kind(kind, named("life"));
        again += first && GetLastError() == 0;
        CloseHandle(first);
    }
    CHECK("1.8", alive == 2 * KINDS, "a name lives while any handle is open, duplicates among them");
    CHECK("1.8", gone == KINDS, "it goes with the last one");
    CHECK("1.8", again == KINDS, "and can be created anew");
}

static void a_view_keeps_no_name(void)
{
    HANDLE first = section(PAGE_READWRITE, 4096, named("view")), second;
    char *old = view_all(first, FILE_MAP_WRITE), *new;
    strcpy(old, "old");
    CloseHandle(first);
    CHECK("1.8", open_failure(SECTION, named("view")) == ERROR_FILE_NOT_FOUND, "a mapped view does not keep the name");
    second = section(PAGE_READWRITE, 4096, named("view"));
    CHECK("1.8", second && GetLastError() == 0, "CreateFileMapping makes a new object while the old view lives");
    new = view_all(second, FILE_MAP_WRITE);
    CHECK("1.8", new && new[0] == 0, "which is zeroed");
    CHECK("1.8", strcmp(old, "old") == 0, "while the old view keeps the old pages");
    strcpy(new, "new");
    CHECK("1.8", strcmp(old, "old") == 0 && strcmp(new, "new") == 0, "and the two have nothing in common");
    UnmapViewOfFile(old);
    UnmapViewOfFile(new);
    CloseHandle(second);
}

/* Holds one object of every kind until it is killed or told to end. */
static int play_holder(const char *prefix, int inherited)
{
    char name[400];
    HANDLE ready, end;
    int kind;
    for (kind = 0; kind < KINDS && !inherited; kind++) {
        snprintf(name, sizeof name, "%s.%d", prefix, kind);
        demand(create_kind(kind, name) != NULL, "an object to hold");
    }
    snprintf(name, sizeof name, "%s.ready", prefix);
    ready = signal_named(name);
    snprintf(name, sizeof name, "%s.end", prefix);
    end = signal_named(name);
    SetEvent(ready);
    return await(end) == WAIT_OBJECT_0 ? 0 : 1;
}

static int names_that_open(const char *prefix)
{
    char name[400];
    int kind, found = 0;
    for (kind = 0; kind < KINDS; kind++) {
        snprintf(name, sizeof name, "%s.%d", prefix, kind);
        found += opens(kind, name);
    }
    return found;
}

static void processes_hold(void)
{
    const char *prefix = named("exit");
    char name[400];
    HANDLE ready, end, child;
    snprintf(name, sizeof name, "%s.ready", prefix);
    ready = signal_named(name);
    snprintf(name, sizeof name, "%s.end", prefix);
    end = signal_named(name);

    child = start("holder %s", prefix);
    demand(await(ready) == WAIT_OBJECT_0, "a child that holds objects");
    CHECK("1.8", names_that_open(prefix) == KINDS, "objects of another process are found");
    SetEvent(end);
    CHECK("1.8", finish(child) == 0 && names_that_open(prefix) == 0, "exit closes handles");
    ResetEvent(end);
    ResetEvent(ready);

    child = start("holder %s", prefix);
    demand(await(ready) == WAIT_OBJECT_0, "a child that holds objects");
    CHECK("1.8", names_that_open(prefix) == KINDS, "and found once more");
    kill_process(child);
    CHECK("1.8", names_that_open(prefix) == 0, "a kill closes handles");
    CloseHandle(ready);
    CloseHandle(end);
}

static void inherited_handles_count(void)
{
    const char *prefix = named("inherit");
    char name[400];
    HANDLE handles[KINDS], ready, end, child;
    int kind;
    snprintf(name, sizeof name, "%s.ready", prefix);
    ready = signal_named(name);
    snprintf(name, sizeof name, "%s.end", prefix);
    end = signal_named(name);
    for (kind = 0; kind < KINDS; kind++) {
        snprintf(name, sizeof name, "%s.%d", prefix, kind);
        handles[kind] = create_kind(kind, name);
        SetHandleInformation(handles[kind], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    }
    child = start_inheriting("heir %s", prefix);
    demand(await(ready) == WAIT_OBJECT_0, "a child that inherits objects");
    for (kind = 0; kind < KINDS; kind++)
        CloseHandle(handles[kind]);
    CHECK("1.8", names_that_open(prefix) == KINDS, "handles that a child has inherited count");
    SetEvent(end);
    CHECK("1.8", finish(child) == 0 && names_that_open(prefix) == 0, "until the child ends");
    CloseHandle(ready);
    CloseHandle(end);
}

static void arguments_come_first(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 4096, named("section")),
           semaphore = CreateSemaphoreA(NULL, 0, 1, named("sem"));
    CHECK_ERROR("1.9", !section(PAGE_READWRITE, 0, named("section")), ERROR_INVALID_PARAMETER,
                "CreateFileMapping of size 0 with an existing name fails with 87");
    CHECK_ERROR("1.9", !section(0, 4096, named("section")), ERROR_INVALID_PARAMETER, "so with a wrong protection");
    CHECK_ERROR("1.9", !CreateSemaphoreA(NULL, 2, 1, named("sem")), ERROR_INVALID_PARAMETER,
                "CreateSemaphore(2, 1) with an existing name fails with 87");
    CHECK_ERROR("1.9", !CreateSemaphoreA(NULL, 2, 1, named("section")), ERROR_INVALID_PARAMETER,
                "so with a name of another kind");
    CHECK_ERROR("1.9", !section(PAGE_READWRITE, 0, named("sem")), ERROR_INVALID_PARAMETER,
                "and CreateFileMapping likewise");
    CloseHandle(mapping);
    CloseHandle(semaphore);
}

static void global_sections(void)
{
    char name[400];
    HANDLE mapping;
    snprintf(name, sizeof name, "Global\\%s", named("global"));
    mapping = section(PAGE_READWRITE, 4096, name);
    CHECK("1.10", mapping || GetLastError() == ERROR_ACCESS_DENIED,
          "a section under Global\\ is made, or 5 says who may not");
    CHECK("1.10", !mapping || opens(SECTION, name), "opening needs no privilege");
    CloseHandle(mapping);
}

int main(int count, char **arguments)
{
    watch();
    if (count == 3 && strcmp(arguments[1], "holder") == 0)
        return play_holder(arguments[2], 0);
    if (count == 3 && strcmp(arguments[1], "heir") == 0)
        return play_holder(arguments[2], 1);
    compares_exactly();
    narrow_and_wide_share();
    narrow_is_the_code_page();
    one_namespace();
    prefixes();
    characters();
    backslashes();
    no_name();
    empty_name();
    narrow_lengths();
    wide_lengths();
    lives_as_long_as_handles();
    a_view_keeps_no_name();
    processes_hold();
    inherited_handles_count();
    arguments_come_first();
    global_sections();
    return conclude();
}
