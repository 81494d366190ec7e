/* Section 3: views. */
#include "check.h"

static unsigned view_error(HANDLE mapping, DWORD access, DWORD offset, SIZE_T size)
{
    void *view;
    unsigned error = ERROR_OF((view = MapViewOfFile(mapping, access, 0, offset, size)) != NULL);
    if (view)
        UnmapViewOfFile(view);
    return error;
}

/* The protection of the pages of a view that is mapped with this access. */
static DWORD protection_of(HANDLE mapping, DWORD access)
{
    char *view = view_all(mapping, access);
    DWORD protect = view ? query(view).Protect : 0;
    UnmapViewOfFile(view);
    return protect;
}

static void protections(void)
{
    HANDLE all = section(PAGE_EXECUTE_READWRITE, 8192, NULL);
    CHECK("3.1", protection_of(all, FILE_MAP_COPY) == PAGE_WRITECOPY, "FILE_MAP_COPY maps WRITECOPY");
    CHECK("3.1", protection_of(all, FILE_MAP_COPY | FILE_MAP_EXECUTE) == PAGE_EXECUTE_WRITECOPY,
          "with EXECUTE: EXECUTE_WRITECOPY");
    CHECK("3.1", protection_of(all, FILE_MAP_WRITE) == PAGE_READWRITE, "FILE_MAP_WRITE maps READWRITE");
    CHECK("3.1", protection_of(all, FILE_MAP_WRITE | FILE_MAP_READ) == PAGE_READWRITE, "with FILE_MAP_READ too");
    CHECK("3.1", protection_of(all, FILE_MAP_WRITE | FILE_MAP_COPY) == PAGE_READWRITE, "with FILE_MAP_COPY too");
    CHECK("3.1", protection_of(all, FILE_MAP_READ) == PAGE_READONLY, "FILE_MAP_READ maps READONLY");
    CHECK("3.1", protection_of(all, FILE_MAP_READ | FILE_MAP_COPY) == PAGE_READONLY, "with FILE_MAP_COPY too");
    CHECK("3.1", protection_of(all, FILE_MAP_WRITE | FILE_MAP_EXECUTE) == PAGE_EXECUTE_READWRITE,
          "EXECUTE adds to WRITE");
    CHECK("3.1", protection_of(all, FILE_MAP_READ | FILE_MAP_EXECUTE) == PAGE_EXECUTE_READ, "EXECUTE adds to READ");
    CHECK("3.1", protection_of(all, FILE_MAP_READ | 8) == PAGE_READONLY, "SECTION_MAP_EXECUTE (8) adds nothing");
    CHECK("3.1", protection_of(all, 0) == PAGE_NOACCESS, "access 0 maps NOACCESS");
    CHECK("3.1",
          protection_of(all, 8) == PAGE_NOACCESS && protection_of(all, 0x20) == PAGE_NOACCESS
              && protection_of(all, 0x28) == PAGE_NOACCESS,
          "access 8, 20 and 28 too");
    CHECK("3.1", protection_of(all, 0x100) == PAGE_NOACCESS, "unknown bits too");
    CHECK("3.1", protection_of(all, FILE_MAP_ALL_ACCESS) == PAGE_READWRITE, "FILE_MAP_ALL_ACCESS is FILE_MAP_WRITE");
    CloseHandle(all);
}

/* The errors of six accesses, as digits: READ, COPY, WRITE, ALL, 0, READ with EXECUTE, COPY with EXECUTE, WRITE with
 * EXECUTE. */
static const char *errors_of(HANDLE mapping)
{
    static const DWORD accesses[] = {FILE_MAP_READ,
                                     FILE_MAP_COPY,
                                     FILE_MAP_WRITE,
                                     FILE_MAP_ALL_ACCESS,
                                     0,
                                     FILE_MAP_READ | FILE_MAP_EXECUTE,
                                     FILE_MAP_COPY | FILE_MAP_EXECUTE,
                                     FILE_MAP_WRITE | FILE_MAP_EXECUTE};
    static char digits[9];
    size_t at;
    for (at = 0; at < 8; at++) {
        unsigned error = view_error(mapping, accesses[at], 0, 0);
        digits[at] = error < 10 ? (char)('0' + error) : 'x';
    }
    return digits;
}

static int errors_are(DWORD protect, const char *expected)
{
    HANDLE mapping = section(protect, 8192, NULL);
    const char *got = errors_of(mapping);
    if (strcmp(got, expected) != 0)
        fprintf(stderr, "protection %02x: %s, not %s\n", (unsigned)protect, got, expected);
    CloseHandle(mapping);
    return strcmp(got, expected) == 0;
}

static void rights(void)
{
    const char *name = named("rights");
    HANDLE mapping, other;
    CHECK("3.2", errors_are(PAGE_READONLY, "00550555"),
          "a READONLY section maps READ, COPY, 0, and the rest fails with 5");
    CHECK("3.2", errors_are(PAGE_WRITECOPY, "00550555"), "a WRITECOPY section likewise");
    CHECK("3.2", errors_are(PAGE_READWRITE, "00000555"), "a READWRITE section maps all but EXECUTE");
    CHECK("3.2", errors_are(PAGE_EXECUTE_READ, "00550005"), "an EXECUTE_READ section maps READ and COPY with EXECUTE");
    CHECK("3.2", errors_are(PAGE_EXECUTE_WRITECOPY, "00550005"), "an EXECUTE_WRITECOPY section likewise");
    CHECK("3.2", errors_are(PAGE_EXECUTE_READWRITE, "00000000"), "an EXECUTE_READWRITE section maps everything");

    mapping = section(PAGE_READWRITE, 8192, name);
    other = OpenFileMappingA(FILE_MAP_WRITE, FALSE, name);
    CHECK("3.2", view_error(other, FILE_MAP_WRITE, 0, 0) == 0, "a FILE_MAP_WRITE handle maps read-write");
    CHECK("3.2", view_error(other, FILE_MAP_READ, 0, 0) == 5, "but not read-only: 5");
    CHECK("3.2", view_error(other, FILE_MAP_COPY, 0, 0) == 5 && view_error(other, 0, 0, 0) == 5,
          "nor WRITECOPY or NOACCESS");
    CloseHandle(other);
    other = OpenFileMappingA(FILE_MAP_READ, FALSE, name);
    CHECK("3.2",
          view_error(other, FILE_MAP_READ, 0, 0) == 0 && view_error(other, FILE_MAP_COPY, 0, 0) == 0
              && view_error(other, 0, 0, 0) == 0,
          "a FILE_MAP_READ handle maps READONLY, WRITECOPY and NOACCESS");
    CHECK("3.2", view_error(other, FILE_MAP_WRITE, 0, 0) == 5 && view_error(other, FILE_MAP_ALL_ACCESS, 0, 0) == 5,
          "but not read-write: 5");
    CloseHandle(other);
    CloseHandle(mapping);
}

static void raised_rights(void)
{
    HANDLE mapping = section(PAGE_READONLY, 8192, NULL), raised = NULL;
    void *view = NULL;
    CHECK("3.2",
          DuplicateHandle(GetCurrentProcess(), mapping, GetCurrentProcess(), &raised, FILE_MAP_ALL_ACCESS, FALSE, 0),
          "DuplicateHandle raises the access to a read-only section");
    CHECK_ERROR_WINDOWS("3.2", !(view = MapViewOfFile(raised, FILE_MAP_WRITE, 0, 0, 0)), 87,
                        "which still has no read-write views: 87");
    if (view)
        UnmapViewOfFile(view);
    CHECK("3.2", view_error(raised, FILE_MAP_READ, 0, 0) == 0, "but read-only ones");
    CloseHandle(raised);
    CloseHandle(mapping);
}

static void offsets(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 200000, NULL);
    char *whole = view_all(mapping, FILE_MAP_WRITE), *part;
    CHECK("3.3", ((ULONG_PTR)whole & 0xffff) == 0, "the base is 64 KiB aligned");
    whole[65536] = 'p';
    part = (char *)MapViewOfFile(mapping, FILE_MAP_READ, 0, 65536, 0);
    CHECK("3.3", part && ((ULONG_PTR)part & 0xffff) == 0 && part[0] == 'p', "with an offset too");
    CHECK("3.3", part && query(part).RegionSize == 200704 - 65536, "0 bytes are all to the end");
    UnmapViewOfFile(part);
    part = (char *)MapViewOfFile(mapping, FILE_MAP_READ, 0, 65536, 5000);
    CHECK("3.3", part && query(part).RegionSize == 8192, "other numbers of bytes are rounded up to pages");
    UnmapViewOfFile(part);
    CHECK("3.3", view_error(mapping, FILE_MAP_READ, 4096, 0) == ERROR_MAPPED_ALIGNMENT,
          "an offset of a page fails with 1132");
    CHECK("3.3", view_error(mapping, FILE_MAP_READ, 1, 0) == ERROR_MAPPED_ALIGNMENT, "and so one of a byte");
    CHECK("3.3", view_error(mapping, FILE_MAP_READ, 65536, 200704 - 65536) == 0, "up to the end of the section");
    CHECK("3.3", view_error(mapping, FILE_MAP_READ, 65536, 200704 - 65535) == 5, "a byte beyond fails with 5");
    CHECK("3.3", view_error(mapping, FILE_MAP_READ, 0, 1 << 20) == 5, "and so without offset");
    CHECK("3.3", view_error(mapping, FILE_MAP_READ, 0, ~(SIZE_T)0) != 0, "and so any absurd number of bytes");
    CHECK_ERROR_WINDOWS("3.3", !MapViewOfFile(mapping, FILE_MAP_READ, 0, 262144, 0), 5,
                        "an offset after the end fails with 5");
    CHECK_ERROR_WINDOWS("3.3", !MapViewOfFile(mapping, FILE_MAP_READ, 0, 262144, 4096), 5,
                        "and so with a number of bytes");
    CHECK_ERROR_WINDOWS("3.3", !MapViewOfFile(mapping, FILE_MAP_READ, 1, 0, 4096), 5, "and so 4 GiB after it");
    CHECK("3.3", view_error(mapping, FILE_MAP_READ, 262145, 4096) == ERROR_MAPPED_ALIGNMENT,
          "alignment is judged before range");
    UnmapViewOfFile(whole);
    CloseHandle(mapping);
    mapping = section(PAGE_READWRITE, 65536, NULL);
    CHECK_ERROR_WINDOWS("3.3", !MapViewOfFile(mapping, FILE_MAP_READ, 0, 65536, 0), 5,
                        "an offset at the end fails with 5");
    CloseHandle(mapping);
}

static unsigned base_error(HANDLE mapping, void *base)
{
    void *view;
    unsigned error = ERROR_OF((view = MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, 0, base)) != NULL);
    if (view)
        UnmapViewOfFile(view);
    return error;
}

static void bases(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 131072, NULL);
    char *one = view_all(mapping, FILE_MAP_WRITE), *two, *memory;
    unsigned error;
    two = (char *)MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, 0, NULL);
    CHECK("3.4", two && two != one, "MapViewOfFileEx(NULL) chooses");
    UnmapViewOfFile(two);
    CHECK("3.4", (char *)MapViewOfFileEx(mapping, FILE_MAP_READ, 0, 0, 0, two) == two, "a free base is taken");
    one[0] = 'b';
    CHECK("3.4", two[0] == 'b', "and shows the section");
    CHECK("3.4", base_error(mapping, two) == ERROR_INVALID_ADDRESS, "a base in use fails with 487");
    CHECK("3.4", base_error(mapping, two + 65536) == ERROR_INVALID_ADDRESS, "and so the second half of a view");
    CHECK("3.4", base_error(mapping, two - 65536) == ERROR_INVALID_ADDRESS, "and so a range that is in use in part");
    CHECK("3.4", two[0] == 'b' && query(two).AllocationBase == two, "nothing is moved or replaced");
    UnmapViewOfFile(two);
    memory = (char *)VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memory[0] = 'm';
    CHECK("3.4", base_error(mapping, memory) == ERROR_INVALID_ADDRESS && memory[0] == 'm',
          "memory of VirtualAlloc is in use too");
    VirtualFree(memory, 0, MEM_RELEASE);
    CHECK("3.4", base_error(mapping, two + 4096) == ERROR_MAPPED_ALIGNMENT,
          "a base of whole pages only fails with 1132");
    CHECK("3.4", base_error(mapping, one + 4096) == ERROR_MAPPED_ALIGNMENT, "even where something is in use");
    error = base_error(mapping, (void *)(ULONG_PTR)0x1000);
    CHECK("3.4", error == ERROR_INVALID_ADDRESS || error == ERROR_MAPPED_ALIGNMENT,
          "below 64 KiB nothing can be mapped");
    CHECK_WINDOWS("3.4", base_error(mapping, (void *)(ULONG_PTR)0xffff800000000000) == 87,
                  "a kernel address fails with 87");
    UnmapViewOfFile(one);
    CloseHandle(mapping);
}

static int play_writer(const char *name)
{
    HANDLE mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
    char *view = mapping ? view_all(mapping, FILE_MAP_WRITE) : NULL;
    if (!view || strcmp(view, "parent") != 0)
        return 1;
    strcpy(view + 100, "child");
    return 0;
}

static void coherence(void)
{
    const char *name = named("coherent"), *path = temporary("coherent");
    HANDLE mapping = section(PAGE_READWRITE, 8192, name), file, other;
    char *one = view_all(mapping, FILE_MAP_WRITE), *two = view_all(mapping, FILE_MAP_WRITE), byte = 0;
    const char *reader = view_all(mapping, FILE_MAP_READ);
    DWORD count;
    CHECK("3.5", one != two && two != reader && one != reader, "every MapViewOfFile makes a new view");
    strcpy(one, "parent");
    CHECK("3.5", strcmp(two, "parent") == 0 && strcmp(reader, "parent") == 0, "views of one section are coherent");
    CHECK("3.5", finish(start("writer %s", name)) == 0 && strcmp(reader + 100, "child") == 0, "in other processes too");
    UnmapViewOfFile(one);
    CHECK("3.5", strcmp(two, "parent") == 0, "and independent of each other's end");
    UnmapViewOfFile(two);
    UnmapViewOfFile(reader);
    CloseHandle(mapping);

    file = file_of(path, 100, GENERIC_READ | GENERIC_WRITE);
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    other = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    one = view_all(mapping, FILE_MAP_WRITE);
    two = view_all(other, FILE_MAP_WRITE);
    one[50] = 'f';
    CHECK("3.5", two[50] == 'f', "different sections over one file are coherent");
    SetFilePointer(file, 50, NULL, FILE_BEGIN);
    CHECK("3.5", ReadFile(file, &byte, 1, &count, NULL) && count == 1 && byte == 'f',
          "ReadFile sees what a view wrote");
    byte = 'w';
    SetFilePointer(file, 51, NULL, FILE_BEGIN);
    CHECK("3.5", WriteFile(file, &byte, 1, &count, NULL) && one[51] == 'w' && two[51] == 'w',
          "views see what WriteFile wrote");
    UnmapViewOfFile(one);
    UnmapViewOfFile(two);
    CloseHandle(mapping);
    CloseHandle(other);
    CloseHandle(file);
    DeleteFileA(path);
}

static void copies(void)
{
    const char *path = temporary("copy");
    HANDLE mapping = section(PAGE_READWRITE, 16384, NULL), file, reading;
    char *shared = view_all(mapping, FILE_MAP_WRITE), *copy = view_all(mapping, FILE_MAP_COPY);
    char *second = view_all(mapping, FILE_MAP_COPY), byte = 0;
    DWORD count;
    shared[0] = 's';
    CHECK("3.6", copy[0] == 's', "an untouched page follows the section");
    copy[4096] = 'c';
    CHECK("3.6", shared[4096] == 0 && second[4096] == 0, "a touched page is private");
    shared[4097] = 'n';
    CHECK("3.6", copy[4097] == 0 && copy[4096] == 'c', "and follows the section no more");
    shared[8192] = 'f';
    CHECK("3.6", copy[8192] == 'f', "while its neighbours do");
    UnmapViewOfFile(copy);
    copy = view_all(mapping, FILE_MAP_COPY);
    CHECK("3.6", copy[4096] == 0 && copy[4097] == 'n', "what was written is lost at the unmap");
    copy[0] = 'x';
    CHECK_WINDOWS("3.6", query(copy).Protect == PAGE_READWRITE && query(copy).RegionSize == 4096,
                  "a written page reports PAGE_READWRITE and a region of its own");
    CHECK("3.6", query(copy).Type == MEM_MAPPED && query(copy).AllocationProtect == PAGE_WRITECOPY,
          "but still MEM_MAPPED, allocated as WRITECOPY");
    CHECK("3.6", query(copy + 4096).Protect == PAGE_WRITECOPY, "a page that is not written reports WRITECOPY");
    UnmapViewOfFile(shared);
    UnmapViewOfFile(copy);
    UnmapViewOfFile(second);
    CloseHandle(mapping);

    file = file_of(path, 100, GENERIC_READ);
    reading = CreateFileMappingA(file, NULL, PAGE_WRITECOPY, 0, 0, NULL);
    copy = view_all(reading, FILE_MAP_COPY);
    copy[10] = 'w';
    FlushViewOfFile(copy, 0);
    UnmapViewOfFile(copy);
    CloseHandle(reading);
    SetFilePointer(file, 10, NULL, FILE_BEGIN);
    CHECK("3.6", ReadFile(file, &byte, 1, &count, NULL) && byte == 10,
          "what is written is never written back to the file");
    CloseHandle(file);
    DeleteFileA(path);
}

static void unmapping(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 131072, NULL);
    char *view = view_all(mapping, FILE_MAP_WRITE), *memory, local = 0, *heap = (char *)malloc(100000);
    SIZE_T at;
    int removed = 0;
    for (at = 0; at < 131072; at += 43690) {
        view = view_all(mapping, FILE_MAP_WRITE);
        removed +=
            UnmapViewOfFile(view + at) && query(view).State == MEM_FREE && query(view + 131071).State == MEM_FREE;
    }
    CHECK("3.7", removed == 4, "UnmapViewOfFile removes the whole view from any address inside it");
    CHECK_ERROR("3.7", !UnmapViewOfFile(view), 487, "a second time fails with 487");
    view = view_all(mapping, FILE_MAP_WRITE);
    UnmapViewOfFile(view + 131071);
    CHECK_ERROR("3.7", !UnmapViewOfFile(view), 487, "and so the base when it was unmapped from inside");
    CHECK_ERROR("3.7", !UnmapViewOfFile(NULL), 487, "NULL fails with 487");
    CHECK_ERROR("3.7", !UnmapViewOfFile(&local), 487, "the stack fails with 487");
    CHECK_ERROR("3.7", !UnmapViewOfFile(heap), 487, "the heap fails with 487");
    free(heap);
    memory = (char *)VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    CHECK_ERROR("3.7", !UnmapViewOfFile(memory), 487, "memory of VirtualAlloc fails with 487");
    memory[0] = 1;
    VirtualFree(memory, 0, MEM_RELEASE);
    view = view_all(mapping, FILE_MAP_WRITE);
    CHECK_ERROR("3.7", !VirtualFree(view, 0, MEM_RELEASE), 87, "VirtualFree of a view fails with 87");
    CHECK_ERROR("3.7", !VirtualFree(view, 4096, MEM_DECOMMIT), 87, "and so does decommitting it");
    view[0] = 1;
    CHECK("3.7", query(view).State == MEM_COMMIT, "which stays as it is");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

static void references(void)
{
    const char *path = temporary("references");
    HANDLE mapping = section(PAGE_READWRITE, 4096, NULL), file;
    char *view = view_all(mapping, FILE_MAP_WRITE);
    CloseHandle(mapping);
    strcpy(view, "kept");
    CHECK("3.8", strcmp(view, "kept") == 0, "a view outlives its handle");
    UnmapViewOfFile(view);

    file = file_of(path, 10000, GENERIC_READ | GENERIC_WRITE);
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    CloseHandle(file);
    view = view_all(mapping, FILE_MAP_WRITE);
    CloseHandle(mapping);
    CHECK("3.8", view[9999] == (char)9999, "and the file's handle");
    view[9999] = 'v';
    UnmapViewOfFile(view);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0,
                       NULL);
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    view = view_all(mapping, FILE_MAP_WRITE);
    CHECK("3.8", view[9999] == 'v', "and what it wrote is in the file");
    SetFilePointer(file, 5000, NULL, FILE_BEGIN);
    CHECK_ERROR("3.8", !SetEndOfFile(file), ERROR_USER_MAPPED_FILE, "truncating a mapped file fails with 1224");
    CHECK("3.8", size_of(path) == 10000, "and does nothing");
    SetFilePointer(file, 20000, NULL, FILE_BEGIN);
    CHECK("3.8", SetEndOfFile(file) && size_of(path) == 20000, "growing it is ok");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    SetFilePointer(file, 5000, NULL, FILE_BEGIN);
    CHECK("3.8", SetEndOfFile(file) && size_of(path) == 5000, "and when nothing is mapped, truncating");
    CloseHandle(file);
    DeleteFileA(path);
}

static void flushing(void)
{
    const char *path = temporary("flush");
    HANDLE mapping = section(PAGE_READWRITE, 131072, NULL), file;
    char *view = view_all(mapping, FILE_MAP_WRITE), *memory;
    CHECK("3.9", FlushViewOfFile(view, 0), "FlushViewOfFile of a whole view");
    CHECK("3.9", FlushViewOfFile(view + 5000, 0) && FlushViewOfFile(view + 5001, 1), "from any address");
    CHECK("3.9", FlushViewOfFile(view, 1) && FlushViewOfFile(view + 4096, 131072 - 4096), "of any length inside it");
    CHECK_ERROR("3.9", !FlushViewOfFile(view, 131073 + 4096), 87, "longer than the view fails with 87");
    UnmapViewOfFile(view);
    CHECK_ERROR_WINDOWS("3.9", !FlushViewOfFile(view, 0), 487, "what is not mapped any more fails with 487");
    CHECK_ERROR_WINDOWS("3.9", !FlushViewOfFile(NULL, 0), 487, "and so NULL");
    CloseHandle(mapping);
    memory = (char *)VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    CHECK("3.9", FlushViewOfFile(memory, 0), "private memory is flushed with success");
    VirtualFree(memory, 0, MEM_RELEASE);
    file = file_of(path, 10000, GENERIC_READ | GENERIC_WRITE);
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    view = view_all(mapping, FILE_MAP_WRITE);
    view[9000] = 'f';
    CHECK("3.9", FlushViewOfFile(view, 0) && FlushViewOfFile(view + 8192, 100) && FlushFileBuffers(file),
          "a file's view is flushed");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CloseHandle(file);
    DeleteFileA(path);
}

static void touching(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 8192, NULL);
    char *reader = view_all(mapping, FILE_MAP_READ), *writer = view_all(mapping, FILE_MAP_WRITE),
         *none = view_all(mapping, 0);
    char *copy = view_all(mapping, FILE_MAP_COPY);
    CHECK("3.10", !faults(reader, 0) && faults(reader, 1), "a READ view can be read, and faults when it is written");
    CHECK("3.10", !faults(writer, 0) && !faults(writer, 1), "a WRITE view does not");
    CHECK("3.10", !faults(copy, 0) && !faults(copy, 1), "nor does a COPY view");
    CHECK("3.10", faults(none, 0) && faults(none, 1), "a NOACCESS view faults");
    UnmapViewOfFile(reader);
    CHECK("3.10", faults(reader, 0), "and so does what is unmapped");
    UnmapViewOfFile(writer);
    UnmapViewOfFile(none);
    UnmapViewOfFile(copy);
    CloseHandle(mapping);
    mapping = section(PAGE_READWRITE | SEC_RESERVE, 131072, NULL);
    writer = view_all(mapping, FILE_MAP_WRITE);
    CHECK_WINDOWS("3.10", faults(writer, 0) && faults(writer + 131071, 1),
                  "reserved pages of a SEC_RESERVE view fault");
    UnmapViewOfFile(writer);
    CloseHandle(mapping);
}

/* Commits a page through a view of its own, waits, and sees a page that the parent commits. */
static int play_committer(const char *name)
{
    HANDLE mapping = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
    char *view = mapping ? view_all(mapping, FILE_MAP_WRITE) : NULL, other[400];
    HANDLE ready, go;
    snprintf(other, sizeof other, "%s.ready", name);
    ready = signal_named(other);
    snprintf(other, sizeof other, "%s.go", name);
    go = signal_named(other);
    if (!view || query(view).State != MEM_COMMIT || strcmp(view, "first") != 0)
        return 1;
    if (VirtualAlloc(view + 65536, 8192, MEM_COMMIT, PAGE_READWRITE) != view + 65536)
        return 2;
    strcpy(view + 65536, "second");
    if (query(view + 131072).State != MEM_RESERVE)
        return 3;
    SetEvent(ready);
    if (await(go) != WAIT_OBJECT_0 || query(view + 131072).State != MEM_COMMIT)
        return 4;
    return strcmp(view + 131072, "third") == 0 ? 0 : 5;
}

static void reserved_across_processes(void)
{
    const char *name = named("reserve");
    char other[400];
    HANDLE mapping = section(PAGE_READWRITE | SEC_RESERVE, 262144, name), ready, go, child;
    char *view = view_all(mapping, FILE_MAP_WRITE), *reader = view_all(mapping, FILE_MAP_READ);
    snprintf(other, sizeof other, "%s.ready", name);
    ready = signal_named(other);
    snprintf(other, sizeof other, "%s.go", name);
    go = signal_named(other);
    VirtualAlloc(view, 4096, MEM_COMMIT, PAGE_READWRITE);
    strcpy(view, "first");
    child = start("committer %s", name);
    CHECK("3.11", await(ready) == WAIT_OBJECT_0, "another process sees what was committed, and commits");
    CHECK("3.11", query(view + 65536).State == MEM_COMMIT && query(view + 65536).RegionSize == 8192,
          "what another process committed is committed here");
    CHECK("3.11", query(view + 65536).Protect == PAGE_READWRITE && strcmp(view + 65536, "second") == 0,
          "and can be read");
    CHECK("3.11", query(reader + 65536).Protect == PAGE_READONLY && strcmp(reader + 65536, "second") == 0,
          "in each view with the view's own protection");
    VirtualAlloc(view + 131072, 1, MEM_COMMIT, PAGE_READWRITE);
    strcpy(view + 131072, "third");
    SetEvent(go);
    CHECK("3.11", finish(child) == 0, "the other process sees what is committed while its view lives");
    UnmapViewOfFile(view);
    UnmapViewOfFile(reader);
    CloseHandle(ready);
    CloseHandle(go);
    CloseHandle(mapping);
}

static void reserved(void)
{
    HANDLE mapping = section(PAGE_READWRITE | SEC_RESERVE, 131072, NULL);
    char *view = view_all(mapping, FILE_MAP_WRITE), *second = view_all(mapping, FILE_MAP_READ), *third, *memory;
    CHECK("3.11", query(view).State == MEM_RESERVE && query(view).Protect == 0,
          "a SEC_RESERVE view shows MEM_RESERVE, protection 0");
    memory = (char *)VirtualAlloc(view + 5000, 4096, MEM_COMMIT, PAGE_READWRITE);
    CHECK("3.11", memory == view + 4096, "VirtualAlloc(MEM_COMMIT) commits whole pages of the section");
    CHECK("3.11",
          query(view).State == MEM_RESERVE && query(view + 4096).State == MEM_COMMIT
              && query(view + 4096).RegionSize == 8192 && query(view + 12288).State == MEM_RESERVE,
          "and no others");
    CHECK("3.11", !faults(view + 4096, 1) && view[4096] == 0, "they are zero and can be used");
    view[4096] = 'c';
    CHECK("3.11", query(second + 4096).State == MEM_COMMIT && second[4096] == 'c', "views that are there see it");
    third = view_all(mapping, FILE_MAP_WRITE);
    CHECK("3.11", query(third + 4096).State == MEM_COMMIT && third[4096] == 'c', "and views that come later");
    CHECK("3.11", query(third).State == MEM_RESERVE, "with the rest reserved");
    CHECK_ERROR("3.11", !VirtualFree(view + 4096, 4096, MEM_DECOMMIT), 87, "there is no decommit");
    CHECK("3.11", view[4096] == 'c', "and nothing is lost by trying");
    UnmapViewOfFile(view);
    UnmapViewOfFile(third);
    CHECK("3.11", second[4096] == 'c', "commitment is the section's, not the view's");
    UnmapViewOfFile(second);
    view = view_all(mapping, FILE_MAP_WRITE);
    CHECK("3.11", query(view + 4096).State == MEM_COMMIT && view[4096] == 'c', "and outlives all views");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

static void allocation_in_views(void)
{
    const char *path = temporary("commit");
    HANDLE mapping = section(PAGE_READWRITE, 8192, NULL), file;
    char *view = view_all(mapping, FILE_MAP_WRITE);
    view[0] = 'k';
    CHECK("3.11",
          VirtualAlloc(view, 4096, MEM_COMMIT, PAGE_READONLY) == view && query(view).Protect == PAGE_READONLY
              && query(view + 4096).Protect == PAGE_READWRITE,
          "VirtualAlloc(MEM_COMMIT) on a committed view just changes the protection");
    CHECK("3.11", view[0] == 'k' && faults(view, 1), "and keeps the contents");
    CHECK("3.11", VirtualAlloc(view, 4096, MEM_RESET, PAGE_READWRITE) == view, "MEM_RESET is accepted");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    file = file_of(path, 8192, GENERIC_READ | GENERIC_WRITE);
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    view = view_all(mapping, FILE_MAP_WRITE);
    CHECK_ERROR("3.11", !VirtualAlloc(view, 4096, MEM_COMMIT, PAGE_READONLY), 5, "on a file's view it fails with 5");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CloseHandle(file);
    DeleteFileA(path);
}

/* Which of eight protections a view takes, as 0 and 1: NOACCESS, READONLY, READWRITE, WRITECOPY, EXECUTE, EXECUTE_READ,
   EXECUTE_READWRITE, EXECUTE_WRITECOPY. */
static int takes(DWORD access, const char *expected)
{
    HANDLE mapping = section(PAGE_EXECUTE_READWRITE, 4096, NULL);
    char *view = view_all(mapping, access), got[9] = "";
    DWORD old, at;
    for (at = 0; at < 8; at++)
        got[at] = (char)('0' + (VirtualProtect(view, 4096, 1u << at, &old) != 0));
    for (at = 0; at < 8; at++)
        if (got[at] == '0' && ERROR_OF(VirtualProtect(view, 4096, 1u << at, &old)) != 87)
            got[at] = 'x';
    if (strcmp(got, expected) != 0)
        fprintf(stderr, "access %02x: %s, not %s\n", (unsigned)access, got, expected);
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    return strcmp(got, expected) == 0;
}

static void protecting(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 16384, NULL);
    char *view = view_all(mapping, FILE_MAP_WRITE);
    DWORD old = 0;
    CHECK("3.12", takes(FILE_MAP_READ, "11010000"), "a READ view takes NOACCESS, READONLY and WRITECOPY, else 87");
    CHECK("3.12", takes(FILE_MAP_WRITE, "11110000"), "a WRITE view takes READWRITE too");
    CHECK("3.12", takes(FILE_MAP_COPY, "11010000"), "a COPY view takes what a READ view takes");
    CHECK("3.12", takes(FILE_MAP_WRITE | FILE_MAP_EXECUTE, "11111111"), "an executable WRITE view takes everything");
    CHECK("3.12", VirtualProtect(view + 4096, 1, PAGE_READONLY, &old) && old == PAGE_READWRITE,
          "VirtualProtect tells the old one");
    CHECK("3.12", faults(view + 4096, 1) && !faults(view + 4096, 0) && !faults(view, 1) && !faults(view + 8192, 1),
          "it changes whole pages and no others");
    CHECK("3.12", VirtualProtect(view, 16384, PAGE_READWRITE, &old) && old == PAGE_READWRITE,
          "the old one is the first page's");
    CHECK("3.12", !faults(view + 4096, 1), "and back again");
    CHECK("3.12", VirtualProtect(view, 4096, PAGE_NOACCESS, &old) && faults(view, 0), "NOACCESS always goes");
    VirtualProtect(view, 4096, PAGE_READWRITE, &old);
    view[0] = 'p';
    CHECK("3.12", VirtualProtect(view, 4096, PAGE_WRITECOPY, &old) && view[0] == 'p',
          "WRITECOPY makes pages private from now on");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

int main(int count, char **arguments)
{
    watch();
    if (count == 3 && strcmp(arguments[1], "writer") == 0)
        return play_writer(arguments[2]);
    if (count == 3 && strcmp(arguments[1], "committer") == 0)
        return play_committer(arguments[2]);
    protections();
    rights();
    raised_rights();
    offsets();
    bases();
    coherence();
    copies();
    unmapping();
    references();
    flushing();
    touching();
    reserved();
    reserved_across_processes();
    allocation_in_views();
    protecting();
    return conclude();
}
