/*
 * process.h - threads and processes of Microsoft's C library
 *
 * Only what is not in Linux's own headers. _exec, _spawn and _cwait are left out: see CreateProcess.
 */
#ifndef COVIEW_PROCESS_H
#define COVIEW_PROCESS_H

#include "windows.h"

#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * _beginthreadex - CreateThread with a function of the C library's type. The handle is the caller's to close.
 * Returns: the handle; 0 on failure, with last error as CreateThread.
 */
uintptr_t _beginthreadex(void *security, unsigned stack_size, unsigned (*start_address)(void *), void *arglist,
                         unsigned initflag, unsigned *thrdaddr);

/* _endthreadex - ExitThread. */
DECLSPEC_NORETURN void _endthreadex(unsigned retval);

/*
 * _beginthread - starts a thread, whose handle is closed when it ends and may be invalid by the time it is returned.
 * Returns: the handle; (uintptr_t)-1 on failure.
 */
uintptr_t _beginthread(void (*start_address)(void *), unsigned stack_size, void *arglist);

/* _endthread - ends the calling thread, and closes its handle if _beginthread made it. */
DECLSPEC_NORETURN void _endthread(void);

/* _getpid - GetCurrentProcessId as an int. */
static __inline__ int _getpid(void)
{
    return (int)GetCurrentProcessId();
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* COVIEW_PROCESS_H */
