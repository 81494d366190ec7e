/* A program that says much of what programs say. Compiling is the test, narrow and wide, as C and as C++. */
#include <windows.h>
#include <tchar.h>
#include <process.h>
#include <conio.h>
#include <strsafe.h>
#include <intrin.h>

static DWORD WINAPI thread(LPVOID parameter)
{
    SetEvent((HANDLE)parameter);
    return 0;
}

static unsigned __stdcall thread_ex(void *parameter)
{
    (void)parameter;
    _endthreadex(0);
}

static BOOL CALLBACK once(PINIT_ONCE state, PVOID parameter, PVOID *context)
{
    (void)state;
    (void)parameter;
    *context = NULL;
    return TRUE;
}

static VOID CALLBACK called(ULONG_PTR parameter)
{
    (void)parameter;
}

static void memory(void)
{
    SYSTEM_INFO system;
    MEMORY_BASIC_INFORMATION region;
    SECURITY_ATTRIBUTES attributes = {sizeof(attributes), NULL, TRUE};
    HANDLE section = CreateFileMapping(INVALID_HANDLE_VALUE, &attributes, PAGE_READWRITE | SEC_COMMIT, 0, 1024,
                                       TEXT("Local\\section"));
    LPTSTR view;
    if (section == NULL || GetLastError() == ERROR_ALREADY_EXISTS)
        _tprintf(TEXT("%s\n"), TEXT("there"));
    view = (LPTSTR)MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    CopyMemory((PVOID)view, TEXT("text"), sizeof(TEXT("text")));
    GetSystemInfo(&system);
    VirtualQuery(view, &region, sizeof(region));
    UnmapViewOfFile(view);
    section = OpenFileMapping(FILE_MAP_READ, FALSE, TEXT("section"));
    CloseHandle(section);
}

static DWORD waits(void)
{
    LARGE_INTEGER due;
    HANDLE handles[3];
    DWORD identifier;
    unsigned other;
    handles[0] = CreateMutex(NULL, FALSE, TEXT("mutex"));
    handles[1] = CreateEventEx(NULL, NULL, CREATE_EVENT_MANUAL_RESET, EVENT_ALL_ACCESS);
    handles[2] = CreateThread(NULL, 0, thread, handles[1], CREATE_SUSPENDED, &identifier);
    CloseHandle((HANDLE)_beginthreadex(NULL, 0, thread_ex, NULL, 0, &other));
    QueueUserAPC(called, GetCurrentThread(), 0);
    due.QuadPart = -10000LL;
    SetWaitableTimer(CreateWaitableTimer(NULL, TRUE, NULL), &due, 0, NULL, NULL, FALSE);
    switch (WaitForMultipleObjects(ARRAYSIZE(handles), handles, FALSE, INFINITE)) {
    case WAIT_OBJECT_0:
    case WAIT_ABANDONED_0:
        ReleaseMutex(handles[0]);
        break;
    case WAIT_TIMEOUT:
    case WAIT_FAILED:
        return GetLastError();
    }
    return WAIT_OBJECT_0;
}

static void messages(void)
{
    LPTSTR text = NULL;
    TCHAR line[64], path[MAX_PATH];
    STARTUPINFO startup;
    PROCESS_INFORMATION process;
    FormatMessage(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                  ERROR_FILE_NOT_FOUND, MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), (LPTSTR)&text, 0, NULL);
    StringCchPrintf(line, ARRAYSIZE(line), TEXT("%s %d"), text, 1);
    StringCchCat(line, ARRAYSIZE(line), TEXT("."));
    _stprintf(line, _T("%d"), (int)_tcslen(_T("x")));
    OutputDebugString(line);
    LocalFree(text);
    GetModuleFileName(NULL, path, MAX_PATH);
    ZeroMemory(&startup, sizeof(startup));
    startup.cb = sizeof(startup);
    ZeroMemory(&process, sizeof(process));
    CreateProcess(NULL, GetCommandLine(), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process);
    ShellExecute(NULL, TEXT("open"), TEXT("program"), NULL, NULL, SW_SHOW);
    MessageBox(NULL, line, TEXT("caption"), MB_OK | MB_ICONERROR);
}

int _tmain(int argc, TCHAR *argv[])
{
    INIT_ONCE state = INIT_ONCE_STATIC_INIT;
    CRITICAL_SECTION section;
    ULONG index;
    InitOnceExecuteOnce(&state, once, NULL, NULL);
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    LeaveCriticalSection(&section);
    DeleteCriticalSection(&section);
    memory();
    messages();
    if (argc > 1 && _tcscmp(argv[1], _T("key")) == 0 && _BitScanForward(&index, 4))
        _getch();
    return (int)waits();
}
