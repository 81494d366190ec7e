/* Section 4: VirtualQuery on a view. */
#include "check.h"

static int is_view(MEMORY_BASIC_INFORMATION found, const char *base, const char *address, DWORD protect, SIZE_T size)
{
    return found.BaseAddress == address && found.AllocationBase == base && found.AllocationProtect == protect
           && found.RegionSize == size && found.State == MEM_COMMIT && found.Protect == protect
           && found.Type == MEM_MAPPED;
}

static int is_free(MEMORY_BASIC_INFORMATION found, const char *address)
{
    return found.BaseAddress == address && found.State == MEM_FREE && found.Protect == PAGE_NOACCESS
           && found.AllocationBase == NULL && found.AllocationProtect == 0 && found.Type == 0;
}

static void whole_view(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 100000, NULL);
    char *view = view_all(mapping, FILE_MAP_WRITE), *part;
    MEMORY_BASIC_INFORMATION found = query(view);
    CHECK("4", found.AllocationBase == view && found.BaseAddress == view, "AllocationBase is the view's base");
    CHECK("4", found.RegionSize == 102400, "RegionSize goes to the end of the view in whole pages, not in 64 KiB");
    CHECK("4", found.AllocationProtect == PAGE_READWRITE && found.Protect == PAGE_READWRITE,
          "the protections are the view's");
    CHECK("4", found.State == MEM_COMMIT && found.Type == MEM_MAPPED, "the pages are committed and mapped");
    CHECK("4", is_view(query(view + 5000), view, view + 4096, PAGE_READWRITE, 98304),
          "BaseAddress is rounded down to a page");
    CHECK("4", is_view(query(view + 99999), view, view + 98304, PAGE_READWRITE, 4096), "in the last page too");
    CHECK("4", is_view(query(view + 102399), view, view + 98304, PAGE_READWRITE, 4096),
          "and in the slack behind the size");
    CHECK("4", query(view + 102400).AllocationBase != view, "what follows in the last 64 KiB is not part of it");
    part = (char *)MapViewOfFile(mapping, FILE_MAP_READ, 0, 65536, 5000);
    CHECK("4", is_view(query(part), part, part, PAGE_READONLY, 8192), "a view of a part has a region of its own");
    CHECK("4", is_view(query(view), view, view, PAGE_READWRITE, 102400), "and leaves the other as it is");
    UnmapViewOfFile(part);
    UnmapViewOfFile(view);
    CHECK("4", is_free(query(view), view), "after the unmap: free, NOACCESS, and zeroes");
    CHECK("4", is_free(query(view + 4097), view + 4096), "BaseAddress is still the rounded address");
    CloseHandle(mapping);
}

static void file_view(void)
{
    const char *path = temporary("query");
    HANDLE file = file_of(path, 5001, GENERIC_READ | GENERIC_WRITE);
    HANDLE mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    char *view = view_all(mapping, FILE_MAP_READ);
    CHECK("4", is_view(query(view), view, view, PAGE_READONLY, 8192), "a file's view is in whole pages too");
    UnmapViewOfFile(view);
    CHECK("4", is_free(query(view), view), "and free when it is unmapped");
    CloseHandle(mapping);
    CloseHandle(file);
    DeleteFileA(path);
}

static void protections(void)
{
    HANDLE mapping = section(PAGE_EXECUTE_READWRITE, 16384, NULL);
    static const struct {
        DWORD access, protect;
    } cases[] = {
        {FILE_MAP_READ, PAGE_READONLY},
        {FILE_MAP_WRITE, PAGE_READWRITE},
        {FILE_MAP_COPY, PAGE_WRITECOPY},
        {FILE_MAP_READ | FILE_MAP_EXECUTE, PAGE_EXECUTE_READ},
        {FILE_MAP_WRITE | FILE_MAP_EXECUTE, PAGE_EXECUTE_READWRITE},
        {FILE_MAP_COPY | FILE_MAP_EXECUTE, PAGE_EXECUTE_WRITECOPY},
        {0, PAGE_NOACCESS},
    };
    size_t at, right = 0;
    char *view;
    DWORD old;
    for (at = 0; at < sizeof cases / sizeof *cases; at++) {
        view = view_all(mapping, cases[at].access);
        right += is_view(query(view), view, view, cases[at].protect, 16384);
        UnmapViewOfFile(view);
    }
    CHECK("4", right == sizeof cases / sizeof *cases, "AllocationProtect is the protection at map time");

    view = view_all(mapping, FILE_MAP_WRITE);
    VirtualProtect(view + 4096, 4096, PAGE_READONLY, &old);
    CHECK("4",
          query(view).RegionSize == 4096 && query(view + 4096).RegionSize == 4096
              && query(view + 8192).RegionSize == 8192,
          "a region is a run of equal pages");
    CHECK("4", query(view + 4096).Protect == PAGE_READONLY && query(view + 4096).AllocationProtect == PAGE_READWRITE,
          "Protect is a page's own, AllocationProtect the view's");
    CHECK("4", query(view + 8192).AllocationBase == view && query(view + 8192).BaseAddress == view + 8192,
          "AllocationBase stays the view's base behind it");
    VirtualProtect(view + 4096, 4096, PAGE_READWRITE, &old);
    CHECK("4", old == PAGE_READONLY && query(view).RegionSize == 16384, "equal neighbours are one region again");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

static void copied_pages(void)
{
    HANDLE mapping = section(PAGE_READWRITE, 16384, NULL);
    char *view = view_all(mapping, FILE_MAP_COPY);
    view[5000] = 'x';
    CHECK("4", query(view + 4096).Type == MEM_MAPPED, "never MEM_PRIVATE, not even after copy-on-write");
    CHECK("4", query(view + 4096).AllocationProtect == PAGE_WRITECOPY, "nor is AllocationProtect another then");
    CHECK_WINDOWS("4",
                  query(view).RegionSize == 4096 && query(view + 4096).RegionSize == 4096
                      && query(view + 4096).Protect == PAGE_READWRITE && query(view + 8192).Protect == PAGE_WRITECOPY,
                  "a copied page is a region of its own, PAGE_READWRITE");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

static void flags(void)
{
    HANDLE mapping = section(PAGE_READWRITE | SEC_RESERVE, 262144, NULL);
    char *view = view_all(mapping, FILE_MAP_WRITE);
    MEMORY_BASIC_INFORMATION found = query(view);
    CHECK("4",
          found.State == MEM_RESERVE && found.Protect == 0 && found.Type == MEM_MAPPED
              && found.AllocationProtect == PAGE_READWRITE && found.RegionSize == 262144,
          "a SEC_RESERVE view is reserved");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
    mapping = section(PAGE_READWRITE | SEC_COMMIT | SEC_NOCACHE, 8192, NULL);
    view = view_all(mapping, FILE_MAP_WRITE);
    CHECK("4", query(view).Protect == (PAGE_READWRITE | PAGE_NOCACHE), "SEC_NOCACHE adds PAGE_NOCACHE");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

static void lengths(void)
{
    char buffer[2 * sizeof(MEMORY_BASIC_INFORMATION)];
    MEMORY_BASIC_INFORMATION *found = (MEMORY_BASIC_INFORMATION *)(void *)buffer;
    HANDLE mapping = section(PAGE_READWRITE, 4096, NULL);
    char *view = view_all(mapping, FILE_MAP_WRITE);
    CHECK("4", sizeof(MEMORY_BASIC_INFORMATION) == 48 && VirtualQuery(view, found, 48) == 48, "it returns 48");
    SetLastError(UNTOUCHED);
    CHECK("4", VirtualQuery(view, found, sizeof buffer) == 48 && GetLastError() == UNTOUCHED,
          "a longer buffer returns 48 too");
    CHECK_ERROR("4", VirtualQuery(view, found, 47) == 0, ERROR_BAD_LENGTH, "a shorter one 0 with 24");
    CHECK_ERROR("4", VirtualQuery((void *)(ULONG_PTR)0xffff800000000000, found, 48) == 0, 87,
                "a kernel address 0 with 87");
    CHECK("4", VirtualQueryEx(GetCurrentProcess(), view, found, 48) == 48 && found->AllocationBase == view,
          "VirtualQueryEx of the own process is the same");
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

int main(void)
{
    watch();
    whole_view();
    file_view();
    protections();
    copied_pages();
    flags();
    lengths();
    return conclude();
}
