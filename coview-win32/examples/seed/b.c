/*
 * Open shared files and access data in another process: the program that a.c starts.
 *
 *     gcc -I coview-win32/include b.c -L target/release -lcoview_win32 -o processmfc
 *     x86_64-w64-mingw32-gcc b.c -o processmfc.exe
 */
#include <windows.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    HANDLE handleFile;
    handleFile = OpenFileMapping(FILE_MAP_ALL_ACCESS, FALSE, "penghao"); /* open the shared file */
    if (handleFile != NULL)
    {
        puts("Shared data opened successfully");
    }

    char *str = NULL;
    str = (char *)MapViewOfFile(handleFile, FILE_MAP_ALL_ACCESS, 0, 0, 1024); /* obtain the data */
    HANDLE handleRead = OpenEvent(EVENT_MODIFY_STATE, FALSE, "penghao.read");
    if (strcmp(str, "Update") == 0)
    {
        puts(str);
        fflush(stdout);
        SetEvent(handleRead); /* the other process need not keep it any longer */
    }

    CloseHandle(handleRead);
    UnmapViewOfFile(str);
    CloseHandle(handleFile);
    return 0;
}
