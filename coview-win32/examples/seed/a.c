/*
 * Create a shared file in a process, and start another one that reads it.
 *
 *     gcc -I coview-win32/include a.c -L target/release -lcoview_win32 -o a
 *     x86_64-w64-mingw32-gcc a.c -o a.exe
 */
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    HANDLE lhShareMemory = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 1024, "penghao");
    if (lhShareMemory != NULL)
    {
        puts("Shared data is successfully opened!");
    }

    char *strBuffer;
    strBuffer = (char *)MapViewOfFile(lhShareMemory, FILE_MAP_WRITE, 0, 0, 1024); /* obtain the file address */
    strcpy(strBuffer, "Update");                                                  /* write data to the file */

    /* Load the process, and keep the shared file until it has read it. */
    HANDLE lhRead = CreateEvent(NULL, TRUE, FALSE, "penghao.read");
    ShellExecute(NULL, "open", "processmfc.exe", NULL, NULL, SW_SHOW);
    DWORD result = WaitForSingleObject(lhRead, 30000);

    CloseHandle(lhRead);
    UnmapViewOfFile(strBuffer);
    CloseHandle(lhShareMemory);
    return result == WAIT_OBJECT_0 ? 0 : 1;
}
