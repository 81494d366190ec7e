/* Section 2: CreateFileMapping and OpenFileMapping. */
#include "check.h"

static HANDLE mapping_of(HANDLE file, DWORD protect, DWORD high, DWORD low)
{
    return CreateFileMappingA(file, NULL, protect, high, low, NULL);
}

/* The error of a creation, 0 when it succeeds. */
static unsigned mapping_error(HANDLE file, DWORD protect, DWORD high, DWORD low)
{
    HANDLE mapping;
    unsigned error = ERROR_OF((mapping = mapping_of(file, protect, high, low)) != NULL);
    if (mapping)
        CloseHandle(mapping);
    return error;
}

static unsigned view_error(HANDLE mapping, DWORD access, DWORD offset, SIZE_T size)
{
    void *view;
    unsigned error = ERROR_OF((view = MapViewOfFile(mapping, access, 0, offset, size)) != NULL);
    if (view)
        UnmapViewOfFile(view);
    return error;
}

static void paging_file(void)
{
    HANDLE mapping = mapping_of(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0, 100000),
           event = CreateEventA(NULL, TRUE, FALSE, NULL);
    const char *view = view_all(mapping, FILE_MAP_READ);
    int at, sum = 0;
    for (at = 0; at < 100000; at++)
        sum |= view[at];
    CHECK("2.1", sum == 0, "initial contents are zero");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CHECK("2.1", mapping_error(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0, 0) == 87, "size 0 fails with 87");
    CHECK("2.1", mapping_error(NULL, PAGE_READWRITE, 0, 4096) == 0, "hFile NULL is the paging file too");
    CHECK("2.1", mapping_error(NULL, PAGE_READWRITE, 0, 0) == 87, "and needs a size too");
    CHECK("2.1", mapping_error((HANDLE)(ULONG_PTR)0x7ffc, PAGE_READWRITE, 0, 4096) == 6,
          "an unknown handle fails with 6");
    CHECK("2.1", mapping_error(event, PAGE_READWRITE, 0, 4096) == 6, "an event as the file fails with 6");
    CloseHandle(event);
    CHECK("2.1", mapping_error(event, PAGE_READWRITE, 0, 4096) == 6, "a closed handle fails with 6");
    CHECK("2.1", mapping_error(event, 0, 0, 4096) == 87, "the protection is judged before the handle");
}

static void protections(void)
{
    static const DWORD good[] = {PAGE_READONLY,     PAGE_READWRITE,         PAGE_WRITECOPY,
                                 PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY};
    static const DWORD bad[] = {0,
                                PAGE_NOACCESS,
                                PAGE_EXECUTE,
                                PAGE_GUARD,
                                PAGE_READWRITE | PAGE_GUARD,
                                PAGE_READWRITE | PAGE_READONLY,
                                PAGE_READWRITE | PAGE_NOACCESS,
                                PAGE_READONLY | PAGE_WRITECOPY,
                                PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE,
                                PAGE_READWRITE | PAGE_NOCACHE,
                                PAGE_READWRITE | PAGE_WRITECOMBINE,
                                0x0000ff00};
    size_t at, taken = 0, refused = 0;
    for (at = 0; at < sizeof good / sizeof *good; at++)
        taken += mapping_error(INVALID_HANDLE_VALUE, good[at], 0, 4096) == 0;
    for (at = 0; at < sizeof bad / sizeof *bad; at++)
        refused += mapping_error(INVALID_HANDLE_VALUE, bad[at], 0, 4096) == 87;
    CHECK("2.2", taken == sizeof good / sizeof *good, "each of the six protections is taken");
    CHECK("2.2", refused == sizeof bad / sizeof *bad, "anything else fails with 87");
}

static unsigned flags_error(DWORD flags)
{
    return mapping_error(INVALID_HANDLE_VALUE, PAGE_READWRITE | flags, 0, 65536);
}

static void flags(void)
{
    HANDLE mapping = mapping_of(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0, 65536);
    char *view = view_all(mapping, FILE_MAP_WRITE);
    CHECK("2.3", query(view).State == MEM_COMMIT, "no SEC flag is SEC_COMMIT");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CHECK("2.3", flags_error(SEC_COMMIT) == 0 && flags_error(SEC_RESERVE) == 0, "COMMIT and RESERVE are taken");
    CHECK("2.3", flags_error(SEC_COMMIT | SEC_NOCACHE) == 0 && flags_error(SEC_RESERVE | SEC_NOCACHE) == 0,
          "each with NOCACHE too");
    CHECK("2.3", flags_error(SEC_COMMIT | SEC_WRITECOMBINE) == 0 && flags_error(SEC_RESERVE | SEC_WRITECOMBINE) == 0,
          "each with WRITECOMBINE too");
    CHECK("2.3", flags_error(SEC_RESERVE | SEC_COMMIT) == 87, "RESERVE with COMMIT fails with 87");
    CHECK("2.3", flags_error(SEC_RESERVE | SEC_LARGE_PAGES) == 87, "RESERVE with LARGE_PAGES fails with 87");
    CHECK("2.3", flags_error(SEC_FILE) == 87, "FILE fails with 87");
    CHECK("2.3", flags_error(SEC_FILE | SEC_COMMIT) == 87 && flags_error(SEC_FILE | SEC_RESERVE) == 87,
          "FILE with COMMIT or RESERVE fails with 87");
    CHECK("2.3", flags_error(SEC_NOCACHE) == 87, "NOCACHE alone fails with 87");
    CHECK("2.3", flags_error(SEC_WRITECOMBINE) == 87, "WRITECOMBINE alone fails with 87");
    CHECK("2.3", flags_error(SEC_LARGE_PAGES) == 87, "LARGE_PAGES alone fails with 87");
    CHECK("2.3", flags_error(SEC_IMAGE | SEC_COMMIT) == 87 && flags_error(SEC_IMAGE | SEC_RESERVE) == 87,
          "IMAGE with COMMIT or RESERVE fails with 87");
}

static void flags_of_files(void)
{
    const char *path = temporary("flags");
    HANDLE file = file_of(path, 36, GENERIC_READ | GENERIC_WRITE);
    CHECK("2.3", mapping_error(file, PAGE_READONLY | SEC_IMAGE, 0, 0) == ERROR_BAD_EXE_FORMAT,
          "IMAGE without an image file fails with 193");
    CHECK("2.3", mapping_error(file, PAGE_READWRITE | SEC_COMMIT | SEC_LARGE_PAGES, 0, 0) == 87,
          "COMMIT with LARGE_PAGES on a file fails with 87");
    CHECK("2.3", mapping_error(file, PAGE_READWRITE | SEC_COMMIT, 0, 0) == 0, "COMMIT on a file is taken");
    CloseHandle(file);
    DeleteFileA(path);
}

static void sizes(void)
{
    const char *path = temporary("sizes");
    HANDLE mapping = mapping_of(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0, 5000), file;
    char *view;
    CHECK("2.4", view_error(mapping, FILE_MAP_WRITE, 0, 8192) == 0, "a section of 5000 bytes has 8192");
    CHECK("2.4", view_error(mapping, FILE_MAP_WRITE, 0, 8193) == 5, "and not one more");
    view = view_all(mapping, FILE_MAP_WRITE);
    view[8191] = 'x';
    CHECK("2.4", view[8191] == 'x' && query(view).RegionSize == 8192, "the slack can be used");
    UnmapViewOfFile(view);
    CloseHandle(mapping);

    file = file_of(path, 36, GENERIC_READ | GENERIC_WRITE);
    mapping = mapping_of(file, PAGE_READONLY, 0, 0);
    CHECK("2.4", view_error(mapping, FILE_MAP_READ, 0, 36) == 0, "a file section of 36 bytes has 36");
    CHECK("2.4", view_error(mapping, FILE_MAP_READ, 0, 37) == 5, "mapping 1 byte more fails with 5");
    CloseHandle(mapping);
    mapping = mapping_of(file, PAGE_READONLY, 0, 20);
    CHECK("2.4", view_error(mapping, FILE_MAP_READ, 0, 20) == 0 && view_error(mapping, FILE_MAP_READ, 0, 21) == 5,
          "and so one of 20 bytes of it");
    CloseHandle(mapping);
    CloseHandle(file);
    DeleteFileA(path);
}

static void large_sizes(void)
{
    unsigned error;
    HANDLE mapping = mapping_of(INVALID_HANDLE_VALUE, PAGE_READWRITE | SEC_RESERVE, 1, 65536);
    void *view = mapping ? MapViewOfFile(mapping, FILE_MAP_WRITE, 1, 0, 65536) : NULL;
    CHECK("2.4", mapping && view, "the high half of the size is honoured: 4 GiB and 64 KiB");
    UnmapViewOfFile(view);
    CHECK_ERROR("2.4", !MapViewOfFile(mapping, FILE_MAP_WRITE, 1, 0, 65537), 5, "and there is an end to it");
    CloseHandle(mapping);
    error = mapping_error(INVALID_HANDLE_VALUE, PAGE_READWRITE, 0x7fffffff, 0xffff0000);
    CHECK("2.4", error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_COMMITMENT_LIMIT,
          "absurd sizes fail with 8 or 1455");
}

static void existing_names(void)
{
    const char *name = named("existing"), *path = temporary("existing");
    HANDLE first = section(PAGE_READWRITE, 8192, name), other, file;
    other = section(PAGE_READWRITE, 100, name);
    CHECK("2.5", other && other != first && GetLastError() == 183, "an existing name gives a new handle and 183");
    CHECK("2.5", view_error(other, FILE_MAP_WRITE, 0, 8192) == 0, "a smaller size is not compared");
    CloseHandle(other);
    other = section(PAGE_READWRITE, 1 << 20, name);
    CHECK("2.5", other && GetLastError() == 183 && view_error(other, FILE_MAP_WRITE, 0, 8193) == 5,
          "a larger one neither: the object keeps its size");
    CloseHandle(other);
    other = section(PAGE_READWRITE | SEC_RESERVE | SEC_NOCACHE, 8192, name);
    CHECK("2.5", other && GetLastError() == 183, "SEC flags are not compared");
    CloseHandle(other);
    file = file_of(path, 36, GENERIC_READ | GENERIC_WRITE);
    other = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, name);
    CHECK("2.5", other && GetLastError() == 183 && view_error(other, FILE_MAP_WRITE, 0, 8192) == 0,
          "hFile is not compared");
    CloseHandle(other);
    CloseHandle(file);
    DeleteFileA(path);
    CloseHandle(first);
}

static void protection_is_the_handles_access(void)
{
    const char *name = named("access");
    HANDLE first = section(PAGE_EXECUTE_READWRITE, 4096, name), other;
    other = section(PAGE_READONLY, 4096, name);
    CHECK("2.5", view_error(other, FILE_MAP_READ, 0, 0) == 0 && view_error(other, FILE_MAP_WRITE, 0, 0) == 5,
          "PAGE_READONLY gives a handle without MAP_WRITE");
    CloseHandle(other);
    other = section(PAGE_WRITECOPY, 4096, name);
    CHECK("2.5", view_error(other, FILE_MAP_COPY, 0, 0) == 0 && view_error(other, FILE_MAP_WRITE, 0, 0) == 5,
          "and so PAGE_WRITECOPY");
    CloseHandle(other);
    other = section(PAGE_READWRITE, 4096, name);
    CHECK("2.5", view_error(other, FILE_MAP_WRITE, 0, 0) == 0 && view_error(other, FILE_MAP_READ, 0, 0) == 0,
          "PAGE_READWRITE gives MAP_READ and MAP_WRITE");
    CHECK("2.5", view_error(other, FILE_MAP_WRITE | FILE_MAP_EXECUTE, 0, 0) == 5, "but not MAP_EXECUTE");
    CloseHandle(other);
    other = section(PAGE_EXECUTE_READ, 4096, name);
    CHECK("2.5",
          view_error(other, FILE_MAP_READ | FILE_MAP_EXECUTE, 0, 0) == 0
              && view_error(other, FILE_MAP_WRITE, 0, 0) == 5,
          "PAGE_EXECUTE_READ gives MAP_EXECUTE and no MAP_WRITE");
    CloseHandle(other);
    CloseHandle(first);
    first = section(PAGE_READONLY, 4096, name);
    other = section(PAGE_READWRITE, 4096, name);
    CHECK("2.5", other && GetLastError() == 183, "a read-only section can be had with PAGE_READWRITE");
    CloseHandle(other);
    CloseHandle(first);
}

static void opening(void)
{
    const char *name = named("open");
    HANDLE mapping = section(PAGE_READWRITE, 4096, name), other;
    DWORD flags = 0;
    other = OpenFileMappingA(FILE_MAP_COPY, FALSE, name);
    CHECK("2.6", other && view_error(other, FILE_MAP_READ, 0, 0) == 0 && view_error(other, FILE_MAP_COPY, 0, 0) == 0,
          "OpenFileMapping(FILE_MAP_COPY) is FILE_MAP_READ");
    CHECK("2.6", view_error(other, FILE_MAP_WRITE, 0, 0) == 5, "and gives no MAP_WRITE");
    CHECK("2.6", GetHandleInformation(other, &flags) && flags == 0, "without bInheritHandle nothing is inherited");
    CloseHandle(other);
    other = OpenFileMappingA(FILE_MAP_READ, TRUE, name);
    CHECK("2.6", GetHandleInformation(other, &flags) && flags == HANDLE_FLAG_INHERIT,
          "bInheritHandle marks the handle");
    CloseHandle(other);
    other = NULL;
    CHECK_ERROR_WINDOWS("2.6", !(other = OpenFileMappingA(0, FALSE, name)), 5, "access 0 fails with 5");
    if (other)
        CloseHandle(other);
    other = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
    CHECK("2.6", other && view_error(other, FILE_MAP_WRITE, 0, 0) == 0,
          "FILE_MAP_ALL_ACCESS opens a read-write section");
    CloseHandle(other);
    CHECK_ERROR("2.6", !OpenFileMappingA(FILE_MAP_READ, FALSE, named("nobody")), 2, "an unknown name fails with 2");
    CloseHandle(mapping);
}

static void not_waitable(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 4096, NULL), handles[2];
    handles[0] = CreateEventA(NULL, TRUE, TRUE, NULL);
    handles[1] = mapping;
    CHECK_ERROR("2.7", poll_once(mapping) == WAIT_FAILED, 5, "waiting for a section fails with 5");
    CHECK_ERROR("2.7", WaitForMultipleObjects(2, handles, FALSE, 0) == WAIT_FAILED, 5, "and so among others");
    CHECK_ERROR("2.7", !SetEvent(mapping), 6, "SetEvent of a section fails with 6");
    CHECK_ERROR("2.7", !ResetEvent(mapping), 6, "ResetEvent too");
    CHECK_ERROR("2.7", !ReleaseMutex(mapping), 6, "ReleaseMutex too");
    CHECK_ERROR("2.7", !ReleaseSemaphore(mapping, 1, NULL), 6, "ReleaseSemaphore too");
    CHECK_ERROR("2.7", !MapViewOfFile(handles[0], FILE_MAP_READ, 0, 0, 0), 6, "MapViewOfFile of an event fails with 6");
    CloseHandle(handles[0]);
    CloseHandle(mapping);
}

static HANDLE reopened(const char *path, DWORD access)
{
    HANDLE file =
        CreateFileA(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    demand(file != INVALID_HANDLE_VALUE, "the file with another access");
    return file;
}

static void rights_of_files(void)
{
    const char *path = temporary("rights");
    HANDLE both = file_of(path, 36, GENERIC_READ | GENERIC_WRITE), reader = reopened(path, GENERIC_READ);
    HANDLE writer = reopened(path, GENERIC_WRITE),
           runner = reopened(path, GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE);
    CHECK("2.8", mapping_error(both, PAGE_READWRITE, 0, 0) == 0,
          "GENERIC_READ with GENERIC_WRITE is enough for READWRITE");
    CHECK("2.8", mapping_error(reader, PAGE_READWRITE, 0, 0) == 5, "GENERIC_READ is not: 5");
    CHECK("2.8", mapping_error(reader, PAGE_READONLY, 0, 0) == 0 && mapping_error(reader, PAGE_WRITECOPY, 0, 0) == 0,
          "but for READONLY and WRITECOPY");
    CHECK("2.8",
          mapping_error(writer, PAGE_READWRITE, 0, 0) == 5 && mapping_error(writer, PAGE_READONLY, 0, 0) == 5
              && mapping_error(writer, PAGE_WRITECOPY, 0, 0) == 5,
          "GENERIC_WRITE alone is not enough for anything: 5");
    CHECK_WINDOWS("2.8",
                  mapping_error(both, PAGE_EXECUTE_READ, 0, 0) == 5
                      && mapping_error(both, PAGE_EXECUTE_WRITECOPY, 0, 0) == 5,
                  "EXECUTE_READ and EXECUTE_WRITECOPY need GENERIC_EXECUTE: 5");
    CHECK("2.8",
          mapping_error(runner, PAGE_EXECUTE_READ, 0, 0) == 0
              && mapping_error(runner, PAGE_EXECUTE_READWRITE, 0, 0) == 0,
          "with which they are made");
    CloseHandle(both);
    CloseHandle(reader);
    CloseHandle(writer);
    CloseHandle(runner);
    DeleteFileA(path);
}

static void sizes_of_files(void)
{
    const char *path = temporary("growth"), *empty = temporary("empty");
    HANDLE file = file_of(path, 36, GENERIC_READ | GENERIC_WRITE),
           none = file_of(empty, 0, GENERIC_READ | GENERIC_WRITE);
    HANDLE mapping = mapping_of(file, PAGE_READONLY, 0, 0);
    char *view = view_all(mapping, FILE_MAP_READ);
    CHECK("2.8", view && view[0] == 0 && view[35] == 35 && view_error(mapping, FILE_MAP_READ, 0, 37) == 5,
          "size 0 is the file's size");
    CHECK("2.8", view && view[36] == 0 && view[4095] == 0, "the rest of the last page is zero");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CHECK("2.8", mapping_error(none, PAGE_READWRITE, 0, 0) == ERROR_FILE_INVALID,
          "an empty file with size 0 fails with 1006");
    CHECK("2.8", mapping_error(none, PAGE_READONLY, 0, 0) == ERROR_FILE_INVALID, "for reading too");
    CHECK("2.8", mapping_error(none, PAGE_READWRITE, 0, 100) == 0 && size_of(empty) == 100, "with a size it gets it");
    CHECK("2.8", mapping_error(file, PAGE_READONLY, 0, 37) == 8, "READONLY of more than the file fails with 8");
    CHECK("2.8", mapping_error(file, PAGE_WRITECOPY, 0, 37) == 8, "and so WRITECOPY");
    CHECK("2.8", size_of(path) == 36, "and the file stays as it is");
    CHECK("2.8", mapping_error(file, PAGE_READWRITE, 0, 20) == 0 && size_of(path) == 36,
          "a smaller size does not touch it");
    mapping = mapping_of(file, PAGE_READWRITE, 0, 10001);
    CHECK("2.8", mapping && size_of(path) == 10001, "READWRITE of more extends the file at once, to the byte");
    CloseHandle(mapping);
    CHECK("2.8", size_of(path) == 10001, "and for good");
    mapping = mapping_of(file, PAGE_READWRITE | SEC_RESERVE, 0, 0);
    view = view_all(mapping, FILE_MAP_READ);
    CHECK("2.8", view && query(view).State == MEM_COMMIT && view[35] == 35, "SEC_RESERVE has no effect on files");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    CloseHandle(file);
    CloseHandle(none);
    DeleteFileA(path);
    DeleteFileA(empty);
}

static void files_by_name(void)
{
    const char *path = temporary("named"), *name = named("file");
    HANDLE file = file_of(path, 36, GENERIC_READ | GENERIC_WRITE);
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, name), other;
    char *view, *again;
    CloseHandle(file);
    other = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name);
    view = view_all(mapping, FILE_MAP_WRITE);
    again = other ? view_all(other, FILE_MAP_WRITE) : NULL;
    CHECK("2.8", other && view_error(other, FILE_MAP_READ, 0, 36) == 0 && view_error(other, FILE_MAP_READ, 0, 37) == 5,
          "a file section has a name like any other");
    view[3] = 'y';
    CHECK("2.8", again && again[3] == 'y' && again[4] == 4, "and is found with the file's contents");
    UnmapViewOfFile(view);
    UnmapViewOfFile(again);
    CloseHandle(mapping);
    CloseHandle(other);
    CHECK_ERROR("2.8", !OpenFileMappingA(FILE_MAP_READ, FALSE, name), 2, "its name goes with the last handle");
    DeleteFileA(path);
}

static void wide_functions(void)
{
    HANDLE mapping = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, wide(named("wide"))),
           other;
    CHECK("2.1", mapping && GetLastError() == 0, "CreateFileMappingW makes a section");
    CHECK_ERROR("2.1", !CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0, NULL), 87,
                "and needs a size");
    other = OpenFileMappingW(FILE_MAP_READ, FALSE, wide(named("wide")));
    CHECK("2.6", other && view_error(other, FILE_MAP_WRITE, 0, 0) == 5,
          "OpenFileMappingW asks for the access likewise");
    CloseHandle(other);
    CloseHandle(mapping);
}

int main(void)
{
    watch();
    paging_file();
    protections();
    flags();
    flags_of_files();
    sizes();
    large_sizes();
    existing_names();
    protection_is_the_handles_access();
    opening();
    not_waitable();
    rights_of_files();
    sizes_of_files();
    files_by_name();
    wide_functions();
    return conclude();
}
