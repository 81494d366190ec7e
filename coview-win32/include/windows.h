/*
 * windows.h - the Win32 calls for shared memory, synchronization, processes and files, on Linux
 *
 * A C or C++ program that was written for Windows includes this file and links libcoview_win32:
 *
 *     gcc $(pkg-config --cflags coview-win32) program.c $(pkg-config --libs coview-win32)
 *
 * Objects live as long as the last handle to them, in whatever process, and are met under their names by other C
 * programs, by Rust programs that use the `coview` crate and by the `coview` command.
 *
 * WIDTHS. A Linux `long` has 64 bits, so LONG is `int`, DWORD and ULONG are `unsigned int`, and LONGLONG is `long
 * long`. SIZE_T, ULONG_PTR and LONG_PTR are size_t, uintptr_t and intptr_t. All structures have the layout of 64-bit
 * Windows. Where a program passes a `long *` for a LONG *, a C compiler warns and is right. A DWORD is printed with %u,
 * not %lu.
 *
 * TEXT. The "ANSI" code page of the ...A functions is UTF-8. WCHAR has 16 bits: it is char16_t, and TEXT("x") is u"x"
 * if UNICODE is defined (which needs C11, C++11 or -std=gnu99). A program that writes L"x" for the ...W functions is
 * compiled with -fshort-wchar; then WCHAR is wchar_t and TEXT("x") is L"x", and wcslen, wcscpy and their like, which
 * wchar.h lists, count 16 bits. The C library's other wide functions (wprintf, wcstol) keep their 32-bit characters and
 * must not be called in such a program: tchar.h's _tprintf is right.
 *
 * WHICH SYSTEM. _WIN32 and WIN32 are not defined here, because the headers of Linux and of other libraries ask for
 * them. A program whose own sources ask `#ifdef _WIN32` is compiled with -D_WIN32 for the files in question; in those
 * files do not include headers of C++ that look at it themselves, <filesystem> for one. Without it, the test for a
 * program's own code is `#ifdef COVIEW_WIN32`, which this file defines.
 *
 * EXCEPTIONS. __try, __except, __finally and __leave do not exist: no Linux compiler has them. An access to a page that
 * may not be touched is SIGSEGV.
 *
 * LAST ERROR. Each thread has one; a new thread starts at 0. A function that fails sets it, and what it can be is
 * listed as "Errors". A function that succeeds leaves it alone, except CreateFileMapping, CreateMutex, CreateEvent,
 * CreateSemaphore and CreateWaitableTimer, which set it to 0 if they made the object and to ERROR_ALREADY_EXISTS if
 * they opened it.
 *
 * HANDLES. Small multiples of four; the first free one is taken; the low two bits are ignored. A handle carries access
 * rights and the flags HANDLE_FLAG_*; "Needs" lists the rights that a function asks for, without which it fails with
 * ERROR_ACCESS_DENIED. A handle that is closed, unknown, NULL or of the wrong type gives ERROR_INVALID_HANDLE; this is
 * not repeated below.
 *
 * NAMES. Mutexes, events, semaphores, timers and sections share one set of names. They are compared exactly. `x` and
 * `Local\x` are the same object, which belongs to the user; `Global\x` is the machine's. No other backslash is allowed.
 * The functions that take a name fail with these errors, which "Errors" calls the errors of names:
 *     ERROR_INVALID_HANDLE       the name belongs to an object of another type
 *     ERROR_PATH_NOT_FOUND       there is a backslash that is not part of `Local\` or `Global\`, spelled so
 *     ERROR_BAD_PATHNAME         the name begins with a backslash
 *     ERROR_INVALID_NAME         nothing stands behind `Local\` or `Global\`
 *     ERROR_FILENAME_EXCED_RANGE a name of an ...A function has more than 260 characters (...W: 32766)
 *     ERROR_ACCESS_DENIED        the creator does not let this user have these rights
 *
 * Each function below is described as far as it has something to say here; what is not mentioned is as Microsoft
 * documents it. "Differs" says where it is not.
 */
#ifndef COVIEW_WINDOWS_H
#define COVIEW_WINDOWS_H

#if !defined(__linux__) || !defined(__LP64__)
#error "this windows.h is for 64-bit Linux; on Windows use the system's own"
#endif

#define COVIEW_WIN32 1

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if __SIZEOF_WCHAR_T__ == 2
#include "wchar.h"
#endif

/* The headers that Windows' own windows.h includes are all here, so programs that ask for one of them find it done. */
#ifndef _WINDOWS_
#define _WINDOWS_
#endif
#ifndef _INC_WINDOWS
#define _INC_WINDOWS
#endif

/* What the compiler is told. */

#define WINAPI
#define WINAPIV
#define WINBASEAPI
#define WINUSERAPI
#define WINADVAPI
#define APIENTRY
#define APIPRIVATE
#define CALLBACK
#define NTAPI
#define NTSYSAPI
#define PASCAL
#define CDECL
#define FAR
#define NEAR
#define IN
#define OUT
#define OPTIONAL
#define __stdcall
#define __cdecl
#define __fastcall
#define __thiscall
#define __vectorcall
#define __clrcall
#define _stdcall
#define _cdecl
#define _fastcall
#define __ptr32
#define __ptr64
#define __unaligned
#define UNALIGNED
#define __w64

#define EXTERN_C_START
#define EXTERN_C_END
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif

#ifndef __int64
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long
#endif
#ifndef _int64
#define _int64 long long
#endif

#ifndef __forceinline
#define __forceinline __inline__ __attribute__((__always_inline__))
#endif
#define FORCEINLINE __forceinline
#define CFORCEINLINE __forceinline

/*
 * __declspec(x) for the x that a macro can turn into an attribute. An unknown x is warned about by the compiler. The
 * words for COM and for the linker (uuid, novtable, allocate, code_seg, ...) are dropped. property, and two words in
 * one pair of parentheses, cannot be had.
 */
#ifndef __declspec
#define __declspec(x) __attribute__((COVIEW_DECLSPEC_##x))
#endif
#define COVIEW_DECLSPEC_align __aligned__
#define COVIEW_DECLSPEC_deprecated __deprecated__
#define COVIEW_DECLSPEC_dllexport __visibility__("default")
#define COVIEW_DECLSPEC_dllimport __visibility__("default")
#define COVIEW_DECLSPEC_noinline __noinline__
#define COVIEW_DECLSPEC_noreturn __noreturn__
#define COVIEW_DECLSPEC_nothrow __nothrow__
#define COVIEW_DECLSPEC_restrict __malloc__
#define COVIEW_DECLSPEC_selectany __weak__
#define COVIEW_DECLSPEC_allocate(segment)
#define COVIEW_DECLSPEC_allocator
#define COVIEW_DECLSPEC_code_seg(segment)
#define COVIEW_DECLSPEC_empty_bases
#define COVIEW_DECLSPEC_guard(kind)
#define COVIEW_DECLSPEC_noalias
#define COVIEW_DECLSPEC_novtable
#define COVIEW_DECLSPEC_safebuffers
#define COVIEW_DECLSPEC_spectre(kind)
#define COVIEW_DECLSPEC_uuid(identifier)
/* thread is a storage class, not an attribute: it closes the one that surrounds it and opens an empty one. */
#ifdef __cplusplus
#define COVIEW_DECLSPEC_thread )) thread_local __attribute__((
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define COVIEW_DECLSPEC_thread )) _Thread_local __attribute__((
#else
#define COVIEW_DECLSPEC_thread )) __thread __attribute__((
#endif

#define DECLSPEC_ALIGN(bytes) __attribute__((__aligned__(bytes)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_DEPRECATED __attribute__((__deprecated__))
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT __attribute__((__visibility__("default")))
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#define DECLSPEC_NOTHROW __attribute__((__nothrow__))
#define DECLSPEC_NOVTABLE
#define DECLSPEC_SELECTANY __attribute__((__weak__))
#define DECLSPEC_UUID(identifier)

/* Annotations of Microsoft's analyser say nothing to Linux compilers. The old ones that begin with two underscores are
   left out in C++, whose library names its own parameters so. */
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_range_(low, high)
#define _In_reads_(size)
#define _In_reads_opt_(size)
#define _In_reads_bytes_(size)
#define _In_reads_bytes_opt_(size)
#define _In_reads_z_(size)
#define _In_reads_or_z_(size)
#define _Out_
#define _Out_opt_
#define _Out_range_(low, high)
#define _Out_writes_(size)
#define _Out_writes_opt_(size)
#define _Out_writes_z_(size)
#define _Out_writes_all_(size)
#define _Out_writes_bytes_(size)
#define _Out_writes_bytes_opt_(size)
#define _Out_writes_bytes_all_(size)
#define _Out_writes_bytes_to_(size, count)
#define _Out_writes_bytes_to_opt_(size, count)
#define _Out_writes_to_(size, count)
#define _Out_writes_to_opt_(size, count)
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(size)
#define _Inout_updates_opt_(size)
#define _Inout_updates_z_(size)
#define _Inout_updates_bytes_(size)
#define _Inout_updates_bytes_opt_(size)
#define _Inout_updates_all_(size)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_result_nullonfailure_
#define _Outptr_opt_result_maybenull_
#define _Outref_
#define _COM_Outptr_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_z_
#define _Ret_writes_bytes_(size)
#define _Ret_writes_bytes_maybenull_(size)
#define _Reserved_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Const_
#define _Pre_
#define _Pre_valid_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Post_
#define _Post_valid_
#define _Post_invalid_
#define _Post_ptr_invalid_
#define _Post_equals_last_error_
#define _Post_satisfies_(expression)
#define _Frees_ptr_
#define _Frees_ptr_opt_
#define _Field_size_(size)
#define _Field_size_opt_(size)
#define _Field_size_bytes_(size)
#define _Field_size_full_(size)
#define _Field_z_
#define _Struct_size_bytes_(size)
#define _Check_return_
#define _Must_inspect_result_
#define _Success_(expression)
#define _Return_type_success_(expression)
#define _On_failure_(annotations)
#define _Always_(annotations)
#define _When_(expression, annotations)
#define _At_(target, annotations)
#define _Printf_format_string_
#define _Maybenull_
#define _Notnull_
#define _Notref_
#define _Use_decl_annotations_
#define _Analysis_assume_(expression) ((void)0)
#define _Function_class_(name)
#define _IRQL_requires_max_(level)
#define _Acquires_lock_(lock)
#define _Acquires_exclusive_lock_(lock)
#define _Acquires_shared_lock_(lock)
#define _Releases_lock_(lock)
#define _Releases_exclusive_lock_(lock)
#define _Releases_shared_lock_(lock)
#define _Requires_lock_held_(lock)
#define _Requires_lock_not_held_(lock)
#define _Requires_exclusive_lock_held_(lock)
#define _Requires_shared_lock_held_(lock)
#define _Guarded_by_(lock)
#define _Interlocked_
#define _Interlocked_operand_
#ifndef __cplusplus
#define __in
#define __in_opt
#define __in_bcount(size)
#define __in_ecount(size)
#define __out
#define __out_opt
#define __out_bcount(size)
#define __out_ecount(size)
#define __inout
#define __inout_opt
#endif

/* The kinds of numbers and pointers. */

#ifndef VOID
#define VOID void
#endif
#ifndef CONST
#define CONST const
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef STRICT
#define STRICT 1
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef char CHAR, CCHAR;
typedef unsigned char UCHAR, BYTE, BOOLEAN;
typedef signed char INT8;
typedef unsigned char UINT8;
typedef short SHORT, INT16;
typedef unsigned short USHORT, WORD, UINT16;
typedef int INT, LONG, BOOL, INT32, LONG32;
typedef unsigned int UINT, ULONG, DWORD, UINT32, ULONG32, DWORD32;
typedef long long LONGLONG, LONG64, INT64;
typedef unsigned long long ULONGLONG, ULONG64, DWORDLONG, DWORD64, UINT64;
typedef float FLOAT;
typedef double DOUBLE;
typedef intptr_t INT_PTR, LONG_PTR, SSIZE_T;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR;
typedef size_t SIZE_T;
typedef ULONG_PTR KAFFINITY;

#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef __CHAR16_TYPE__ WCHAR;
#endif

typedef void *PVOID, *LPVOID, *PVOID64;
typedef const void *LPCVOID, *PCVOID;
typedef CHAR *PCHAR, *LPCH, *PCH, *PSTR, *LPSTR, *NPSTR, *PSZ;
typedef const CHAR *LPCCH, *PCCH, *PCSTR, *LPCSTR, *PCSZ;
typedef PSTR *PZPSTR;
typedef WCHAR *PWCHAR, *LPWCH, *PWCH, *PWSTR, *LPWSTR, *NWPSTR;
typedef const WCHAR *LPCWCH, *PCWCH, *PCWSTR, *LPCWSTR;
typedef UCHAR *PUCHAR;
typedef BYTE *PBYTE, *LPBYTE;
typedef const BYTE *LPCBYTE;
typedef BOOLEAN *PBOOLEAN;
typedef SHORT *PSHORT;
typedef USHORT *PUSHORT;
typedef WORD *PWORD, *LPWORD;
typedef INT *PINT, *LPINT;
typedef UINT *PUINT, *LPUINT;
typedef BOOL *PBOOL, *LPBOOL;
typedef LONG *PLONG, *LPLONG;
typedef ULONG *PULONG;
typedef DWORD *PDWORD, *LPDWORD;
typedef INT8 *PINT8;
typedef UINT8 *PUINT8;
typedef INT16 *PINT16;
typedef UINT16 *PUINT16;
typedef INT32 *PINT32;
typedef UINT32 *PUINT32;
typedef INT64 *PINT64;
typedef UINT64 *PUINT64;
typedef LONG32 *PLONG32;
typedef ULONG32 *PULONG32;
typedef LONG64 *PLONG64;
typedef ULONG64 *PULONG64;
typedef DWORD32 *PDWORD32;
typedef DWORD64 *PDWORD64;
typedef LONGLONG *PLONGLONG;
typedef ULONGLONG *PULONGLONG;
typedef DWORDLONG *PDWORDLONG;
typedef FLOAT *PFLOAT;
typedef INT_PTR *PINT_PTR;
typedef UINT_PTR *PUINT_PTR;
typedef LONG_PTR *PLONG_PTR;
typedef ULONG_PTR *PULONG_PTR;
typedef DWORD_PTR *PDWORD_PTR;
typedef SIZE_T *PSIZE_T;
typedef SSIZE_T *PSSIZE_T;

/* TCHAR and TEXT go by UNICODE, tchar.h's _TCHAR and _T by _UNICODE. */
#ifdef UNICODE
typedef WCHAR TCHAR, TBYTE, *PTCHAR, *PTBYTE;
typedef LPWCH LPTCH, PTCH;
typedef LPWSTR PTSTR, LPTSTR;
typedef LPCWSTR PCTSTR, LPCTSTR;
#if __SIZEOF_WCHAR_T__ == 2
#define __TEXT(quote) L##quote
#else
#define __TEXT(quote) u##quote
#endif
#define COVIEW_NAME(name) name##W
#else
typedef char TCHAR, *PTCHAR;
typedef unsigned char TBYTE, *PTBYTE;
typedef LPCH LPTCH, PTCH;
typedef LPSTR PTSTR, LPTSTR;
typedef LPCSTR PCTSTR, LPCTSTR;
#define __TEXT(quote) quote
#define COVIEW_NAME(name) name##A
#endif
#define _TCHAR_DEFINED
#define TEXT(quote) __TEXT(quote)

#define ANSI_NULL ((CHAR)0)
#define UNICODE_NULL ((WCHAR)0)
#define UNICODE_STRING_MAX_CHARS 32767

#define MINCHAR 0x80
#define MAXCHAR 0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG 0x80000000
#define MAXLONG 0x7fffffff
#define MAXBYTE 0xff
#define MAXWORD 0xffff
#define MAXDWORD 0xffffffff
#define MAXLONGLONG 0x7fffffffffffffffLL
#define MAXUINT ((UINT)~((UINT)0))
#define MAXUINT32 ((UINT32)~((UINT32)0))
#define MAXUINT64 ((UINT64)~((UINT64)0))
#define MAXINT ((INT)(MAXUINT >> 1))
#define MAXINT64 ((INT64)(MAXUINT64 >> 1))
#define MAXULONG_PTR (~((ULONG_PTR)0))
#define MAXSIZE_T ((SIZE_T)~((SIZE_T)0))

/* Handles. The handles of windows and of loaded modules are types of their own, which the compiler tells apart. */

typedef void *HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE, *SPHANDLE;
typedef HANDLE HLOCAL, HGLOBAL;
#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

#define DECLARE_HANDLE(name) \
    struct name##__ { \
        int unused; \
    }; \
    typedef struct name##__ *name

DECLARE_HANDLE(HINSTANCE);
typedef HINSTANCE HMODULE;
DECLARE_HANDLE(HWND);
DECLARE_HANDLE(HDC);
DECLARE_HANDLE(HMENU);
DECLARE_HANDLE(HICON);
DECLARE_HANDLE(HBRUSH);
DECLARE_HANDLE(HBITMAP);
DECLARE_HANDLE(HFONT);
DECLARE_HANDLE(HKEY);
DECLARE_HANDLE(HKL);
DECLARE_HANDLE(HRSRC);
DECLARE_HANDLE(HMONITOR);
typedef HICON HCURSOR;
typedef int HFILE;
#define HFILE_ERROR ((HFILE)-1)

typedef LONG HRESULT;
typedef LONG NTSTATUS;
typedef WORD ATOM, LANGID;
typedef DWORD LCID, LCTYPE, COLORREF, ACCESS_MASK;
typedef ACCESS_MASK *PACCESS_MASK;
typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM, LRESULT;
typedef INT_PTR (*FARPROC)(void);
typedef INT_PTR (*PROC)(void);

/* Macros of general use. */

#define MAX_PATH 260
#define INFINITE 0xFFFFFFFF

#define LOBYTE(word) ((BYTE)((DWORD_PTR)(word) & 0xff))
#define HIBYTE(word) ((BYTE)(((DWORD_PTR)(word) >> 8) & 0xff))
#define LOWORD(value) ((WORD)((DWORD_PTR)(value) & 0xffff))
#define HIWORD(value) ((WORD)(((DWORD_PTR)(value) >> 16) & 0xffff))
#define MAKEWORD(low, high) \
    ((WORD)(((BYTE)((DWORD_PTR)(low) & 0xff)) | ((WORD)((BYTE)((DWORD_PTR)(high) & 0xff))) << 8))
#define MAKELONG(low, high) \
    ((LONG)(((WORD)((DWORD_PTR)(low) & 0xffff)) | ((DWORD)((WORD)((DWORD_PTR)(high) & 0xffff))) << 16))
#define Int32x32To64(first, second) ((LONGLONG)(LONG)(first) * (LONGLONG)(LONG)(second))
#define UInt32x32To64(first, second) ((ULONGLONG)(DWORD)(first) * (ULONGLONG)(DWORD)(second))

#define HandleToULong(handle) ((ULONG)(ULONG_PTR)(handle))
#define HandleToLong(handle) ((LONG)(LONG_PTR)(handle))
#define ULongToHandle(value) ((HANDLE)(ULONG_PTR)(ULONG)(value))
#define LongToHandle(value) ((HANDLE)(LONG_PTR)(LONG)(value))
#define PtrToUlong(pointer) ((ULONG)(ULONG_PTR)(pointer))
#define PtrToUint(pointer) ((UINT)(UINT_PTR)(pointer))
#define PtrToLong(pointer) ((LONG)(LONG_PTR)(pointer))
#define PtrToInt(pointer) ((INT)(INT_PTR)(pointer))
#define ULongToPtr(value) ((VOID *)(ULONG_PTR)(ULONG)(value))
#define UlongToPtr ULongToPtr
#define LongToPtr(value) ((VOID *)(LONG_PTR)(LONG)(value))
#define IntToPtr(value) ((VOID *)(INT_PTR)(INT)(value))
#define UIntToPtr(value) ((VOID *)(UINT_PTR)(UINT)(value))

#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((DWORD)offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) ((type *)((char *)(address) - offsetof(type, field)))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)
#define _ARRAYSIZE(array) RTL_NUMBER_OF(array)

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))
#define C_ASSERT(expression) typedef char __C_ASSERT__[(expression) ? 1 : -1] __attribute__((__unused__))

#ifndef _countof
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif
#ifndef _MAX_PATH
#define _MAX_PATH 260
#define _MAX_DRIVE 3
#define _MAX_DIR 256
#define _MAX_FNAME 256
#define _MAX_EXT 256
#endif

#if !defined(NOMINMAX) && !defined(__cplusplus)
#ifndef min
#define min(first, second) (((first) < (second)) ? (first) : (second))
#endif
#ifndef max
#define max(first, second) (((first) > (second)) ? (first) : (second))
#endif
#endif

#define RtlEqualMemory(destination, source, length) (!memcmp((destination), (source), (length)))
#define RtlMoveMemory(destination, source, length) memmove((destination), (source), (length))
#define RtlCopyMemory(destination, source, length) memcpy((destination), (source), (length))
#define RtlFillMemory(destination, length, fill) memset((destination), (fill), (length))
#define RtlZeroMemory(destination, length) memset((destination), 0, (length))
#define MoveMemory RtlMoveMemory
#define CopyMemory RtlCopyMemory
#define FillMemory RtlFillMemory
#define ZeroMemory RtlZeroMemory

/* SecureZeroMemory - fills with zeros, which the compiler does not leave out. Returns the destination. */
static __inline__ PVOID RtlSecureZeroMemory(PVOID destination, SIZE_T length)
{
    memset(destination, 0, length);
    __asm__ __volatile__("" : : "r"(destination) : "memory");
    return destination;
}
#define SecureZeroMemory RtlSecureZeroMemory

/* Structures that many calls share. */

typedef union _LARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER, *LPLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER, *LPULARGE_INTEGER;

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SYSTEMTIME {
    WORD wYear;
    WORD wMonth;
    WORD wDayOfWeek;
    WORD wDay;
    WORD wHour;
    WORD wMinute;
    WORD wSecond;
    WORD wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

typedef struct _GUID {
    DWORD Data1;
    WORD Data2;
    WORD Data3;
    BYTE Data4[8];
} GUID, IID, CLSID, UUID;

typedef struct _LUID {
    DWORD LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct tagPOINT {
    LONG x;
    LONG y;
} POINT, *PPOINT, *LPPOINT;

typedef struct tagSIZE {
    LONG cx;
    LONG cy;
} SIZE, *PSIZE, *LPSIZE;

typedef struct tagRECT {
    LONG left;
    LONG top;
    LONG right;
    LONG bottom;
} RECT, *PRECT, *LPRECT;

typedef struct _OVERLAPPED {
    ULONG_PTR Internal;
    ULONG_PTR InternalHigh;
    __extension__ union {
        __extension__ struct {
            DWORD Offset;
            DWORD OffsetHigh;
        };
        PVOID Pointer;
    };
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

/* Access rights. GENERIC_* become the rights of the object's type when a handle is made. */

#define DELETE 0x00010000
#define READ_CONTROL 0x00020000
#define WRITE_DAC 0x00040000
#define WRITE_OWNER 0x00080000
#define SYNCHRONIZE 0x00100000
#define STANDARD_RIGHTS_REQUIRED 0x000F0000
#define STANDARD_RIGHTS_READ READ_CONTROL
#define STANDARD_RIGHTS_WRITE READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE READ_CONTROL
#define STANDARD_RIGHTS_ALL 0x001F0000
#define SPECIFIC_RIGHTS_ALL 0x0000FFFF
#define ACCESS_SYSTEM_SECURITY 0x01000000
#define MAXIMUM_ALLOWED 0x02000000
#define GENERIC_READ 0x80000000
#define GENERIC_WRITE 0x40000000
#define GENERIC_EXECUTE 0x20000000
#define GENERIC_ALL 0x10000000

/* LAST ERROR AND HANDLES */

#define HANDLE_FLAG_INHERIT 0x00000001
#define HANDLE_FLAG_PROTECT_FROM_CLOSE 0x00000002
#define DUPLICATE_CLOSE_SOURCE 0x00000001
#define DUPLICATE_SAME_ACCESS 0x00000002

/*
 * GetLastError - the calling thread's last error.
 * Returns: the code that SetLastError or a failing function of this library stored last; 0 in a new thread.
 */
DWORD GetLastError(void);

/* SetLastError - stores the calling thread's last error. */
void SetLastError(DWORD dwErrCode);

/*
 * CloseHandle - closes a handle of any type. The object goes when its last handle in any process goes, and with it its
 * name; views of a section stay and keep its memory. A mutex that the thread owns stays owned until it is released or
 * the thread ends.
 * Returns: TRUE, also for the pseudo handles of the process and the thread, which stay. FALSE on failure.
 * Errors: ERROR_INVALID_HANDLE, also for a handle that is protected from close.
 */
BOOL CloseHandle(HANDLE hObject);

/*
 * DuplicateHandle - makes another handle to the same object, in this or another process. The new handle is inheritable
 * by bInheritHandle alone. DUPLICATE_SAME_ACCESS copies the rights; otherwise dwDesiredAccess is asked of the object,
 * so it may be more than the source has. Rights 0 make a handle that can only be closed and duplicated.
 * DUPLICATE_CLOSE_SOURCE closes the source in any case; within one process the new handle then gets its number.
 * Needs: PROCESS_DUP_HANDLE for a handle of another process, which must be a program of this library.
 * Returns: TRUE; FALSE on failure, with *lpTargetHandle NULL. Without lpTargetHandle it succeeds and the handle stays
 * open.
 * Errors: ERROR_INVALID_HANDLE for a bad process or source; ERROR_ACCESS_DENIED.
 */
BOOL DuplicateHandle(HANDLE hSourceProcessHandle, HANDLE hSourceHandle, HANDLE hTargetProcessHandle,
                     LPHANDLE lpTargetHandle, DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwOptions);

/*
 * CompareObjectHandles - whether two handles are of the same object.
 * Returns: TRUE if they are; else FALSE.
 * Errors: ERROR_NOT_SAME_OBJECT.
 */
BOOL CompareObjectHandles(HANDLE hFirstObjectHandle, HANDLE hSecondObjectHandle);

/*
 * GetHandleInformation, SetHandleInformation - read and change HANDLE_FLAG_INHERIT and HANDLE_FLAG_PROTECT_FROM_CLOSE.
 * The flags belong to the handle, not to the object.
 * Other flags are ignored; pseudo handles have none.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_ACCESS_DENIED for setting those of a pseudo handle.
 */
BOOL GetHandleInformation(HANDLE hObject, LPDWORD lpdwFlags);
BOOL SetHandleInformation(HANDLE hObject, DWORD dwMask, DWORD dwFlags);

/* SECURITY DESCRIPTORS */

typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef WORD SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;
typedef DWORD SECURITY_INFORMATION, *PSECURITY_INFORMATION;

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct _ACL {
    BYTE AclRevision;
    BYTE Sbz1;
    WORD AclSize;
    WORD AceCount;
    WORD Sbz2;
} ACL, *PACL;

typedef struct _SECURITY_DESCRIPTOR {
    BYTE Revision;
    BYTE Sbz1;
    SECURITY_DESCRIPTOR_CONTROL Control;
    PSID Owner;
    PSID Group;
    PACL Sacl;
    PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;

#define SECURITY_DESCRIPTOR_REVISION 1
#define SECURITY_DESCRIPTOR_REVISION1 1
#define SECURITY_DESCRIPTOR_MIN_LENGTH (sizeof(SECURITY_DESCRIPTOR))
#define SDDL_REVISION_1 1
#define SDDL_REVISION SDDL_REVISION_1
#define ACL_REVISION 2
#define SE_OWNER_DEFAULTED 0x0001
#define SE_GROUP_DEFAULTED 0x0002
#define SE_DACL_PRESENT 0x0004
#define SE_DACL_DEFAULTED 0x0008
#define SE_SACL_PRESENT 0x0010
#define SE_SACL_DEFAULTED 0x0020
#define SE_DACL_PROTECTED 0x1000
#define SE_SELF_RELATIVE 0x8000
#define OWNER_SECURITY_INFORMATION 0x00000001
#define GROUP_SECURITY_INFORMATION 0x00000002
#define DACL_SECURITY_INFORMATION 0x00000004
#define SACL_SECURITY_INFORMATION 0x00000008

/*
 * SECURITY_ATTRIBUTES - bInheritHandle makes the new handle inheritable. The descriptor decides who else may open a new
 * object: none keeps it to the user, a descriptor whose DACL is present and NULL opens it to everyone.
 * Differs: an object has one of a few presets of rights, not a list; a DACL is mapped to the preset that fits it.
 */

/*
 * InitializeSecurityDescriptor - makes an empty descriptor of revision SECURITY_DESCRIPTOR_REVISION.
 * SetSecurityDescriptorDacl - stores a DACL, or with bDaclPresent FALSE removes it.
 * GetSecurityDescriptorDacl - reads it; *pDacl and *lpbDaclDefaulted are written only if there is one.
 * IsValidSecurityDescriptor - whether the revision and the lists have the form of a descriptor.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_UNKNOWN_REVISION; ERROR_INVALID_SECURITY_DESCR.
 */
BOOL InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR pSecurityDescriptor, DWORD dwRevision);
BOOL SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR pSecurityDescriptor, BOOL bDaclPresent, PACL pDacl,
                               BOOL bDaclDefaulted);
BOOL GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR pSecurityDescriptor, LPBOOL lpbDaclPresent, PACL *pDacl,
                               LPBOOL lpbDaclDefaulted);
BOOL IsValidSecurityDescriptor(PSECURITY_DESCRIPTOR pSecurityDescriptor);

/*
 * ConvertStringSecurityDescriptorToSecurityDescriptor - makes a descriptor from text such as "D:(A;;GA;;;WD)". It is
 * freed with LocalFree. SecurityDescriptorSize may be NULL.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER; ERROR_UNKNOWN_REVISION; ERROR_INVALID_ACL or ERROR_INVALID_SID for text that does
 * not hold.
 * Differs: the well known two-letter accounts are understood, of other accounts only those that mean something on
 * Linux.
 */
BOOL ConvertStringSecurityDescriptorToSecurityDescriptorA(LPCSTR StringSecurityDescriptor, DWORD StringSDRevision,
                                                          PSECURITY_DESCRIPTOR *SecurityDescriptor,
                                                          PULONG SecurityDescriptorSize);
BOOL ConvertStringSecurityDescriptorToSecurityDescriptorW(LPCWSTR StringSecurityDescriptor, DWORD StringSDRevision,
                                                          PSECURITY_DESCRIPTOR *SecurityDescriptor,
                                                          PULONG SecurityDescriptorSize);
#define ConvertStringSecurityDescriptorToSecurityDescriptor \
    COVIEW_NAME(ConvertStringSecurityDescriptorToSecurityDescriptor)

/* SECTIONS AND VIEWS */

#define PAGE_NOACCESS 0x01
#define PAGE_READONLY 0x02
#define PAGE_READWRITE 0x04
#define PAGE_WRITECOPY 0x08
#define PAGE_EXECUTE 0x10
#define PAGE_EXECUTE_READ 0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_EXECUTE_WRITECOPY 0x80
#define PAGE_GUARD 0x100
#define PAGE_NOCACHE 0x200
#define PAGE_WRITECOMBINE 0x400
#define PAGE_TARGETS_INVALID 0x40000000
#define PAGE_TARGETS_NO_UPDATE 0x40000000

#define SEC_PROTECTED_IMAGE 0x02000000
#define SEC_FILE 0x00800000
#define SEC_IMAGE 0x01000000
#define SEC_RESERVE 0x04000000
#define SEC_COMMIT 0x08000000
#define SEC_NOCACHE 0x10000000
#define SEC_WRITECOMBINE 0x40000000
#define SEC_LARGE_PAGES 0x80000000
#define SEC_IMAGE_NO_EXECUTE (SEC_IMAGE | SEC_NOCACHE)

#define SECTION_QUERY 0x0001
#define SECTION_MAP_WRITE 0x0002
#define SECTION_MAP_READ 0x0004
#define SECTION_MAP_EXECUTE 0x0008
#define SECTION_EXTEND_SIZE 0x0010
#define SECTION_MAP_EXECUTE_EXPLICIT 0x0020
#define SECTION_ALL_ACCESS \
    (STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_WRITE | SECTION_MAP_READ | SECTION_MAP_EXECUTE | \
     SECTION_EXTEND_SIZE)

#define FILE_MAP_COPY 0x00000001
#define FILE_MAP_WRITE SECTION_MAP_WRITE
#define FILE_MAP_READ SECTION_MAP_READ
#define FILE_MAP_ALL_ACCESS SECTION_ALL_ACCESS
#define FILE_MAP_EXECUTE SECTION_MAP_EXECUTE_EXPLICIT
#define FILE_MAP_RESERVE 0x80000000
#define FILE_MAP_TARGETS_INVALID 0x40000000
#define FILE_MAP_LARGE_PAGES 0x20000000

typedef enum MEM_EXTENDED_PARAMETER_TYPE {
    MemExtendedParameterInvalidType = 0,
    MemExtendedParameterAddressRequirements,
    MemExtendedParameterNumaNode,
    MemExtendedParameterPartitionHandle,
    MemExtendedParameterUserPhysicalHandle,
    MemExtendedParameterAttributeFlags,
    MemExtendedParameterImageMachine,
    MemExtendedParameterMax
} MEM_EXTENDED_PARAMETER_TYPE, *PMEM_EXTENDED_PARAMETER_TYPE;

__extension__ typedef struct DECLSPEC_ALIGN(8) MEM_EXTENDED_PARAMETER {
    __extension__ struct {
        __extension__ DWORD64 Type : 8;
        __extension__ DWORD64 Reserved : 56;
    };
    __extension__ union {
        DWORD64 ULong64;
        PVOID Pointer;
        SIZE_T Size;
        HANDLE Handle;
        DWORD ULong;
    };
} MEM_EXTENDED_PARAMETER, *PMEM_EXTENDED_PARAMETER;

/*
 * CreateFileMapping - makes a section of dwMaximumSizeHigh:Low bytes, or opens the one that has the name; then size,
 * protection and file are not looked at. With hFile INVALID_HANDLE_VALUE (or NULL) the memory is the system's, starts
 * as zeros and is rounded up to pages; else it is the file, to the byte, and size 0 means the size of the file. A
 * larger size extends the file if the protection is PAGE_READWRITE. flProtect is one PAGE_* out of READONLY, READWRITE,
 * WRITECOPY and the three EXECUTE_ forms of them, with SEC_COMMIT (the default), SEC_RESERVE, SEC_NOCACHE,
 * SEC_WRITECOMBINE or none. The memory of a SEC_COMMIT section is there once the call returns: a full system is an
 * error here, never a signal later.
 * Needs: a file handle with GENERIC_READ, for PAGE_READWRITE also GENERIC_WRITE, for PAGE_EXECUTE_* also
 * GENERIC_EXECUTE.
 * Returns: a handle, with rights as flProtect allows; NULL on failure.
 * Errors: the errors of names; ERROR_INVALID_PARAMETER for another protection, or size 0 without a file;
 * ERROR_FILE_INVALID for an empty file and size 0; ERROR_NOT_ENOUGH_MEMORY, also for a read-only section larger than
 * its file; ERROR_COMMITMENT_LIMIT; ERROR_BAD_EXE_FORMAT for SEC_IMAGE.
 * Differs: SEC_IMAGE sections of Windows programs, and large pages, do not exist. NOCACHE and WRITECOMBINE are
 * remembered and reported, and do nothing.
 */
HANDLE CreateFileMappingA(HANDLE hFile, LPSECURITY_ATTRIBUTES lpFileMappingAttributes, DWORD flProtect,
                          DWORD dwMaximumSizeHigh, DWORD dwMaximumSizeLow, LPCSTR lpName);
HANDLE CreateFileMappingW(HANDLE hFile, LPSECURITY_ATTRIBUTES lpFileMappingAttributes, DWORD flProtect,
                          DWORD dwMaximumSizeHigh, DWORD dwMaximumSizeLow, LPCWSTR lpName);
#define CreateFileMapping COVIEW_NAME(CreateFileMapping)

/*
 * CreateFileMapping2 - the same with the rights of the handle (DesiredAccess), and protection and SEC_* apart.
 * Errors: as CreateFileMapping; ERROR_INVALID_PARAMETER for extended parameters that are not served.
 */
HANDLE CreateFileMapping2(HANDLE File, SECURITY_ATTRIBUTES *SecurityAttributes, ULONG DesiredAccess,
                          ULONG PageProtection, ULONG AllocationAttributes, ULONG64 MaximumSize, PCWSTR Name,
                          MEM_EXTENDED_PARAMETER *ExtendedParameters, ULONG ParameterCount);

/*
 * OpenFileMapping - opens the section that has the name. FILE_MAP_COPY alone asks for FILE_MAP_READ.
 * Returns: a handle with the rights that were asked for; NULL on failure.
 * Errors: the errors of names; ERROR_FILE_NOT_FOUND; ERROR_INVALID_PARAMETER for no name; ERROR_INVALID_HANDLE for the
 * name ""; ERROR_ACCESS_DENIED, also for dwDesiredAccess 0.
 */
HANDLE OpenFileMappingA(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpName);
HANDLE OpenFileMappingW(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName);
#define OpenFileMapping COVIEW_NAME(OpenFileMapping)

/*
 * MapViewOfFile, MapViewOfFileEx - shows the section's bytes from a multiple of 64 KiB on. dwNumberOfBytesToMap 0 means
 * to the end; other lengths are rounded up to pages. FILE_MAP_COPY alone makes a private copy, page by page, of what is
 * written; FILE_MAP_WRITE reads and writes; FILE_MAP_READ reads; none of them makes a view that may not be touched.
 * FILE_MAP_EXECUTE is added to these. The view keeps the section's memory, not its name. lpBaseAddress is a wish that
 * is fulfilled or fails; NULL leaves the choice.
 * Needs: FILE_MAP_WRITE for a view to write, FILE_MAP_READ for every other, FILE_MAP_EXECUTE beside them for one to
 * execute.
 * Returns: the address, a multiple of 64 KiB; NULL on failure.
 * Errors: ERROR_ACCESS_DENIED, also for a range beyond the section's end; ERROR_MAPPED_ALIGNMENT for an offset or
 * address that is no multiple of 64 KiB; ERROR_INVALID_ADDRESS for an address in use; ERROR_INVALID_PARAMETER for one
 * that no program can have; ERROR_NOT_ENOUGH_MEMORY.
 */
LPVOID MapViewOfFile(HANDLE hFileMappingObject, DWORD dwDesiredAccess, DWORD dwFileOffsetHigh, DWORD dwFileOffsetLow,
                     SIZE_T dwNumberOfBytesToMap);
LPVOID MapViewOfFileEx(HANDLE hFileMappingObject, DWORD dwDesiredAccess, DWORD dwFileOffsetHigh, DWORD dwFileOffsetLow,
                       SIZE_T dwNumberOfBytesToMap, LPVOID lpBaseAddress);

/*
 * UnmapViewOfFile, ...Ex, ...2 - removes the view that holds the address, which may be any inside it. UnmapFlags must
 * be 0 or MEM_UNMAP_WITH_TRANSIENT_BOOST. Process must be this one.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_ADDRESS for what is not a view.
 */
BOOL UnmapViewOfFile(LPCVOID lpBaseAddress);
BOOL UnmapViewOfFileEx(PVOID BaseAddress, ULONG UnmapFlags);
BOOL UnmapViewOfFile2(HANDLE Process, PVOID BaseAddress, ULONG UnmapFlags);

/*
 * FlushViewOfFile - starts writing a view's changes to its file. Length 0 means to the end of the view. For memory
 * without a file there is nothing to do, and it succeeds.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_ADDRESS where nothing is mapped; ERROR_INVALID_PARAMETER for more than the view.
 */
BOOL FlushViewOfFile(LPCVOID lpBaseAddress, SIZE_T dwNumberOfBytesToFlush);

/* MEMORY */

#define MEM_COMMIT 0x00001000
#define MEM_RESERVE 0x00002000
#define MEM_REPLACE_PLACEHOLDER 0x00004000
#define MEM_DECOMMIT 0x00004000
#define MEM_RELEASE 0x00008000
#define MEM_FREE 0x00010000
#define MEM_PRIVATE 0x00020000
#define MEM_MAPPED 0x00040000
#define MEM_RESERVE_PLACEHOLDER 0x00040000
#define MEM_RESET 0x00080000
#define MEM_TOP_DOWN 0x00100000
#define MEM_WRITE_WATCH 0x00200000
#define MEM_PHYSICAL 0x00400000
#define MEM_RESET_UNDO 0x01000000
#define MEM_IMAGE 0x01000000
#define MEM_LARGE_PAGES 0x20000000
#define MEM_UNMAP_WITH_TRANSIENT_BOOST 0x00000001
#define MEM_COALESCE_PLACEHOLDERS 0x00000001
#define MEM_PRESERVE_PLACEHOLDER 0x00000002

typedef struct _MEMORY_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    DWORD AllocationProtect;
    WORD PartitionId;
    SIZE_T RegionSize;
    DWORD State;
    DWORD Protect;
    DWORD Type;
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;

#define PROCESSOR_ARCHITECTURE_INTEL 0
#define PROCESSOR_ARCHITECTURE_ARM 5
#define PROCESSOR_ARCHITECTURE_IA64 6
#define PROCESSOR_ARCHITECTURE_AMD64 9
#define PROCESSOR_ARCHITECTURE_ARM64 12
#define PROCESSOR_ARCHITECTURE_UNKNOWN 0xFFFF
#define PROCESSOR_INTEL_386 386
#define PROCESSOR_INTEL_486 486
#define PROCESSOR_INTEL_PENTIUM 586
#define PROCESSOR_AMD_X8664 8664

typedef struct _SYSTEM_INFO {
    __extension__ union {
        DWORD dwOemId;
        __extension__ struct {
            WORD wProcessorArchitecture;
            WORD wReserved;
        };
    };
    DWORD dwPageSize;
    LPVOID lpMinimumApplicationAddress;
    LPVOID lpMaximumApplicationAddress;
    DWORD_PTR dwActiveProcessorMask;
    DWORD dwNumberOfProcessors;
    DWORD dwProcessorType;
    DWORD dwAllocationGranularity;
    WORD wProcessorLevel;
    WORD wProcessorRevision;
} SYSTEM_INFO, *LPSYSTEM_INFO;

typedef struct _MEMORYSTATUSEX {
    DWORD dwLength;
    DWORD dwMemoryLoad;
    DWORDLONG ullTotalPhys;
    DWORDLONG ullAvailPhys;
    DWORDLONG ullTotalPageFile;
    DWORDLONG ullAvailPageFile;
    DWORDLONG ullTotalVirtual;
    DWORDLONG ullAvailVirtual;
    DWORDLONG ullAvailExtendedVirtual;
} MEMORYSTATUSEX, *LPMEMORYSTATUSEX;

/*
 * VirtualAlloc, VirtualAllocEx - reserves addresses (MEM_RESERVE), gives them memory (MEM_COMMIT), or both; lpAddress
 * NULL leaves the choice. In a view of a SEC_RESERVE section MEM_COMMIT commits the section: all views in all processes
 * see it. MEM_RESET is accepted and may lose the contents.
 * Returns: the first address, rounded down to 64 KiB for MEM_RESERVE and to a page for MEM_COMMIT; NULL on failure.
 * Errors: ERROR_INVALID_PARAMETER; ERROR_INVALID_ADDRESS for a range that is in use, or that is not reserved;
 * ERROR_NOT_ENOUGH_MEMORY; ERROR_ACCESS_DENIED in the view of a file.
 * Differs: MEM_LARGE_PAGES fails with ERROR_PRIVILEGE_NOT_HELD; MEM_PHYSICAL, MEM_WRITE_WATCH and placeholders do not
 * exist. The Ex forms of this family serve the calling process; for another they fail with ERROR_NOT_SUPPORTED.
 */
LPVOID VirtualAlloc(LPVOID lpAddress, SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect);
LPVOID VirtualAllocEx(HANDLE hProcess, LPVOID lpAddress, SIZE_T dwSize, DWORD flAllocationType, DWORD flProtect);

/*
 * VirtualFree, VirtualFreeEx - takes the memory back (MEM_DECOMMIT), or all of a reservation (MEM_RELEASE, dwSize 0).
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER, also for a view; ERROR_INVALID_ADDRESS for an address that is not the reservation's
 * first.
 */
BOOL VirtualFree(LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType);
BOOL VirtualFreeEx(HANDLE hProcess, LPVOID lpAddress, SIZE_T dwSize, DWORD dwFreeType);

/*
 * VirtualProtect, VirtualProtectEx - changes the protection of committed pages and stores that of the first one before.
 * A view's pages get no more than the view was mapped for.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER; ERROR_INVALID_ADDRESS for pages that are not committed; ERROR_NOACCESS without
 * lpflOldProtect.
 * Differs: a page with PAGE_GUARD cannot be touched until VirtualProtect takes the guard away. PAGE_NOCACHE and
 * PAGE_WRITECOMBINE are remembered and do nothing.
 */
BOOL VirtualProtect(LPVOID lpAddress, SIZE_T dwSize, DWORD flNewProtect, PDWORD lpflOldProtect);
BOOL VirtualProtectEx(HANDLE hProcess, LPVOID lpAddress, SIZE_T dwSize, DWORD flNewProtect, PDWORD lpflOldProtect);

/*
 * VirtualQuery, VirtualQueryEx - describes the run of equal pages from the page of an address on. State is MEM_COMMIT,
 * MEM_RESERVE or MEM_FREE, Type MEM_MAPPED for a view, MEM_PRIVATE or MEM_IMAGE for other memory.
 * Returns: the 48 bytes that were written; 0 on failure.
 * Errors: ERROR_BAD_LENGTH for a short buffer; ERROR_INVALID_PARAMETER for an address that no program can have.
 */
SIZE_T VirtualQuery(LPCVOID lpAddress, PMEMORY_BASIC_INFORMATION lpBuffer, SIZE_T dwLength);
SIZE_T VirtualQueryEx(HANDLE hProcess, LPCVOID lpAddress, PMEMORY_BASIC_INFORMATION lpBuffer, SIZE_T dwLength);

/*
 * VirtualLock, VirtualUnlock - keep pages in memory, and let them go. Locks do not nest.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_NOACCESS for pages without memory; ERROR_WORKING_SET_QUOTA beyond the limit (RLIMIT_MEMLOCK);
 * ERROR_NOT_LOCKED.
 */
BOOL VirtualLock(LPVOID lpAddress, SIZE_T dwSize);
BOOL VirtualUnlock(LPVOID lpAddress, SIZE_T dwSize);

/*
 * GetSystemInfo, GetNativeSystemInfo - page size, processors, limits of addresses. The allocation granularity is 64
 * KiB, as on Windows.
 */
void GetSystemInfo(LPSYSTEM_INFO lpSystemInfo);
void GetNativeSystemInfo(LPSYSTEM_INFO lpSystemInfo);

/* GetLargePageMinimum - the size of a large page; 0 if the system has none. */
SIZE_T GetLargePageMinimum(void);

/*
 * GlobalMemoryStatusEx - how much memory there is. dwLength must be set before the call.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER for another dwLength.
 */
BOOL GlobalMemoryStatusEx(LPMEMORYSTATUSEX lpBuffer);

/*
 * IsBadReadPtr, IsBadWritePtr, IsBadCodePtr - whether some byte of the range cannot be read, or written, at the moment
 * of the call; the last about the byte at an address.
 * Returns: TRUE if so, FALSE if all is well, also for an empty range.
 */
BOOL IsBadReadPtr(CONST VOID *lp, UINT_PTR ucb);
BOOL IsBadWritePtr(LPVOID lp, UINT_PTR ucb);
BOOL IsBadCodePtr(FARPROC lpfn);

/*
 * ReadProcessMemory, WriteProcessMemory - copies bytes out of, or into, a process.
 * Needs: PROCESS_VM_READ; PROCESS_VM_WRITE and PROCESS_VM_OPERATION; and that Linux lets this user trace the process.
 * Returns: TRUE; FALSE on failure. The count that was copied is stored if there is a place for it.
 * Errors: ERROR_PARTIAL_COPY if not all of it can be reached; for writing, ERROR_INVALID_ADDRESS if not all of it is
 * committed, and ERROR_NOACCESS for a page that is read-only.
 */
BOOL ReadProcessMemory(HANDLE hProcess, LPCVOID lpBaseAddress, LPVOID lpBuffer, SIZE_T nSize,
                       SIZE_T *lpNumberOfBytesRead);
BOOL WriteProcessMemory(HANDLE hProcess, LPVOID lpBaseAddress, LPCVOID lpBuffer, SIZE_T nSize,
                        SIZE_T *lpNumberOfBytesWritten);

/* MUTEXES */

#define MUTANT_QUERY_STATE 0x0001
#define MUTANT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | MUTANT_QUERY_STATE)
#define MUTEX_MODIFY_STATE MUTANT_QUERY_STATE
#define MUTEX_ALL_ACCESS MUTANT_ALL_ACCESS
#define CREATE_MUTEX_INITIAL_OWNER 0x00000001

/*
 * CreateMutex, CreateMutexEx - makes a mutex, or opens the one that has the name. A mutex belongs to a thread, which
 * may take it several times and releases it as often. bInitialOwner (CREATE_MUTEX_INITIAL_OWNER) counts only if it is
 * made. An empty name is no name.
 * Returns: a handle with MUTEX_ALL_ACCESS (Ex: dwDesiredAccess), last error 0 or ERROR_ALREADY_EXISTS; NULL on failure.
 * Errors: the errors of names; ERROR_INVALID_PARAMETER for other flags.
 */
HANDLE CreateMutexA(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner, LPCSTR lpName);
HANDLE CreateMutexW(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner, LPCWSTR lpName);
HANDLE CreateMutexExA(LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess);
HANDLE CreateMutexExW(LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCWSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess);
#define CreateMutex COVIEW_NAME(CreateMutex)
#define CreateMutexEx COVIEW_NAME(CreateMutexEx)

/*
 * OpenMutex - opens the mutex that has the name. SYNCHRONIZE is enough for all use.
 * Returns: a handle; NULL on failure.
 * Errors: the errors of names; ERROR_FILE_NOT_FOUND; ERROR_INVALID_PARAMETER for no name; ERROR_INVALID_HANDLE for the
 * name ""; ERROR_ACCESS_DENIED for rights 0 or rights that do not exist; ERROR_PRIVILEGE_NOT_HELD for
 * ACCESS_SYSTEM_SECURITY.
 */
HANDLE OpenMutexA(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpName);
HANDLE OpenMutexW(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName);
#define OpenMutex COVIEW_NAME(OpenMutex)

/*
 * ReleaseMutex - gives back one taking of the mutex; with the last, one waiter has it. If the owner ends instead,
 * thread or process and in whatever way, the next wait takes the mutex and says WAIT_ABANDONED.
 * Needs: no right at all.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_NOT_OWNER if the thread does not own it.
 */
BOOL ReleaseMutex(HANDLE hMutex);

/* EVENTS */

#define EVENT_QUERY_STATE 0x0001
#define EVENT_MODIFY_STATE 0x0002
#define EVENT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define CREATE_EVENT_MANUAL_RESET 0x00000001
#define CREATE_EVENT_INITIAL_SET 0x00000002

/*
 * CreateEvent, CreateEventEx - makes an event, or opens the one that has the name; then the rest is not looked at. A
 * manual event stays set, and lets all waiters go, until it is reset; the other kind lets one waiter go per setting.
 * Returns: a handle with EVENT_ALL_ACCESS (Ex: dwDesiredAccess), last error 0 or ERROR_ALREADY_EXISTS; NULL on failure.
 * Errors: the errors of names; ERROR_INVALID_PARAMETER for other flags.
 */
HANDLE CreateEventA(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState, LPCSTR lpName);
HANDLE CreateEventW(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset, BOOL bInitialState, LPCWSTR lpName);
HANDLE CreateEventExA(LPSECURITY_ATTRIBUTES lpEventAttributes, LPCSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess);
HANDLE CreateEventExW(LPSECURITY_ATTRIBUTES lpEventAttributes, LPCWSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess);
#define CreateEvent COVIEW_NAME(CreateEvent)
#define CreateEventEx COVIEW_NAME(CreateEventEx)

/*
 * OpenEvent - opens the event that has the name.
 * Returns: a handle; NULL on failure.
 * Errors: as OpenMutex.
 */
HANDLE OpenEventA(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpName);
HANDLE OpenEventW(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName);
#define OpenEvent COVIEW_NAME(OpenEvent)

/*
 * SetEvent - sets the event. All threads that wait for a manual event go on, even if it is reset at once.
 * ResetEvent - makes it nonsignaled.
 * PulseEvent - lets go all that wait at this moment (manual) or at most one of them, and leaves it nonsignaled.
 * Needs: EVENT_MODIFY_STATE.
 * Returns: TRUE; FALSE on failure.
 */
BOOL SetEvent(HANDLE hEvent);
BOOL ResetEvent(HANDLE hEvent);
BOOL PulseEvent(HANDLE hEvent);

/* SEMAPHORES */

#define SEMAPHORE_QUERY_STATE 0x0001
#define SEMAPHORE_MODIFY_STATE 0x0002
#define SEMAPHORE_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)

/*
 * CreateSemaphore, CreateSemaphoreEx - makes a semaphore, or opens the one that has the name; then the counts are
 * checked and not used. dwFlags is 0.
 * Returns: a handle with SEMAPHORE_ALL_ACCESS (Ex: dwDesiredAccess), last error 0 or ERROR_ALREADY_EXISTS; NULL on
 * failure.
 * Errors: the errors of names; ERROR_INVALID_PARAMETER unless 0 <= lInitialCount <= lMaximumCount and 1 <=
 * lMaximumCount.
 */
HANDLE CreateSemaphoreA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
                        LPCSTR lpName);
HANDLE CreateSemaphoreW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
                        LPCWSTR lpName);
HANDLE CreateSemaphoreExA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
                          LPCSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess);
HANDLE CreateSemaphoreExW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes, LONG lInitialCount, LONG lMaximumCount,
                          LPCWSTR lpName, DWORD dwFlags, DWORD dwDesiredAccess);
#define CreateSemaphore COVIEW_NAME(CreateSemaphore)
#define CreateSemaphoreEx COVIEW_NAME(CreateSemaphoreEx)

/*
 * OpenSemaphore - opens the semaphore that has the name.
 * Returns: a handle; NULL on failure.
 * Errors: as OpenMutex.
 */
HANDLE OpenSemaphoreA(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpName);
HANDLE OpenSemaphoreW(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpName);
#define OpenSemaphore COVIEW_NAME(OpenSemaphore)

/*
 * ReleaseSemaphore - adds to the count, and lets as many waiters go. The count before is stored if there is a place for
 * it.
 * Needs: SEMAPHORE_MODIFY_STATE.
 * Returns: TRUE; FALSE on failure, with nothing changed.
 * Errors: ERROR_INVALID_PARAMETER unless lReleaseCount is positive; ERROR_TOO_MANY_POSTS beyond the maximum.
 */
BOOL ReleaseSemaphore(HANDLE hSemaphore, LONG lReleaseCount, LPLONG lpPreviousCount);

/* WAITABLE TIMERS */

#define TIMER_QUERY_STATE 0x0001
#define TIMER_MODIFY_STATE 0x0002
#define TIMER_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | TIMER_QUERY_STATE | TIMER_MODIFY_STATE)
#define CREATE_WAITABLE_TIMER_MANUAL_RESET 0x00000001
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x00000002

typedef VOID(CALLBACK *PTIMERAPCROUTINE)(LPVOID lpArgToCompletionRoutine, DWORD dwTimerLowValue,
                                         DWORD dwTimerHighValue);

#define POWER_REQUEST_CONTEXT_VERSION 0
#define POWER_REQUEST_CONTEXT_SIMPLE_STRING 0x00000001
#define POWER_REQUEST_CONTEXT_DETAILED_STRING 0x00000002

typedef struct _REASON_CONTEXT {
    ULONG Version;
    DWORD Flags;
    union {
        struct {
            HMODULE LocalizedReasonModule;
            ULONG LocalizedReasonId;
            ULONG ReasonStringCount;
            LPWSTR *ReasonStrings;
        } Detailed;
        LPWSTR SimpleReasonString;
    } Reason;
} REASON_CONTEXT, *PREASON_CONTEXT;

/*
 * CreateWaitableTimer, CreateWaitableTimerEx - makes a timer that is not running, or opens the one that has the name.
 * Returns: a handle with TIMER_ALL_ACCESS (Ex: dwDesiredAccess), last error 0 or ERROR_ALREADY_EXISTS; NULL on failure.
 * Errors: the errors of names; ERROR_INVALID_PARAMETER for other flags.
 */
HANDLE CreateWaitableTimerA(LPSECURITY_ATTRIBUTES lpTimerAttributes, BOOL bManualReset, LPCSTR lpTimerName);
HANDLE CreateWaitableTimerW(LPSECURITY_ATTRIBUTES lpTimerAttributes, BOOL bManualReset, LPCWSTR lpTimerName);
HANDLE CreateWaitableTimerExA(LPSECURITY_ATTRIBUTES lpTimerAttributes, LPCSTR lpTimerName, DWORD dwFlags,
                              DWORD dwDesiredAccess);
HANDLE CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES lpTimerAttributes, LPCWSTR lpTimerName, DWORD dwFlags,
                              DWORD dwDesiredAccess);
#define CreateWaitableTimer COVIEW_NAME(CreateWaitableTimer)
#define CreateWaitableTimerEx COVIEW_NAME(CreateWaitableTimerEx)

/*
 * OpenWaitableTimer - opens the timer that has the name.
 * Returns: a handle; NULL on failure.
 * Errors: as OpenMutex.
 */
HANDLE OpenWaitableTimerA(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCSTR lpTimerName);
HANDLE OpenWaitableTimerW(DWORD dwDesiredAccess, BOOL bInheritHandle, LPCWSTR lpTimerName);
#define OpenWaitableTimer COVIEW_NAME(OpenWaitableTimer)

/*
 * SetWaitableTimer, SetWaitableTimerEx - makes the timer nonsignaled and starts it: due after -lpDueTime (negative, in
 * 100 ns) or at a FILETIME, and then every lPeriod milliseconds if that is not 0. The routine is queued to the calling
 * thread each time, and runs in an alertable wait.
 * Needs: TIMER_MODIFY_STATE.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER for a negative period.
 * Differs: fResume does not wake a machine: the call succeeds with the last error ERROR_NOT_SUPPORTED. TolerableDelay is
 * not used.
 */
BOOL SetWaitableTimer(HANDLE hTimer, const LARGE_INTEGER *lpDueTime, LONG lPeriod,
                      PTIMERAPCROUTINE pfnCompletionRoutine, LPVOID lpArgToCompletionRoutine, BOOL fResume);
BOOL SetWaitableTimerEx(HANDLE hTimer, const LARGE_INTEGER *lpDueTime, LONG lPeriod,
                        PTIMERAPCROUTINE pfnCompletionRoutine, LPVOID lpArgToCompletionRoutine,
                        PREASON_CONTEXT WakeContext, ULONG TolerableDelay);

/*
 * CancelWaitableTimer - stops the timer; whether it is signaled stays as it is.
 * Needs: TIMER_MODIFY_STATE.
 * Returns: TRUE; FALSE on failure.
 */
BOOL CancelWaitableTimer(HANDLE hTimer);

/* WAITS */

#define MAXIMUM_WAIT_OBJECTS 64
#define MAXIMUM_SUSPEND_COUNT MAXCHAR
#define WAIT_OBJECT_0 ((STATUS_WAIT_0) + 0)
#define WAIT_ABANDONED ((STATUS_ABANDONED_WAIT_0) + 0)
#define WAIT_ABANDONED_0 ((STATUS_ABANDONED_WAIT_0) + 0)
#define WAIT_IO_COMPLETION STATUS_USER_APC
#define WAIT_FAILED ((DWORD)0xFFFFFFFF)

typedef VOID(NTAPI *PAPCFUNC)(ULONG_PTR Parameter);

/*
 * WaitForSingleObject, WaitForSingleObjectEx - waits until the object is signaled, and takes it: a mutex becomes the
 * thread's, a semaphore goes down by one, an event that is not manual is reset. 0 asks without waiting, INFINITE waits
 * for ever. An alertable wait also ends when routines were queued to the thread (QueueUserAPC), after it has run them.
 * Needs: SYNCHRONIZE, which a section's handle never has.
 * Returns: WAIT_OBJECT_0; WAIT_ABANDONED with the mutex taken, whose owner ended; WAIT_TIMEOUT; WAIT_IO_COMPLETION;
 * WAIT_FAILED on failure.
 */
DWORD WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds);
DWORD WaitForSingleObjectEx(HANDLE hHandle, DWORD dwMilliseconds, BOOL bAlertable);

/*
 * WaitForMultipleObjects, WaitForMultipleObjectsEx - waits for any or for all of 1 to MAXIMUM_WAIT_OBJECTS handles. Any
 * takes the first in the list that is signaled. All takes nothing until all are signaled at once, so that opposite
 * orders cannot deadlock.
 * Needs: SYNCHRONIZE on each.
 * Returns: WAIT_OBJECT_0 + index; WAIT_ABANDONED_0 + index (all: + 0); WAIT_TIMEOUT; WAIT_IO_COMPLETION; WAIT_FAILED on
 * failure, with nothing taken.
 * Errors: ERROR_INVALID_PARAMETER for another count, or for the same object twice in a wait for all;
 * ERROR_INVALID_HANDLE also for a pseudo handle.
 */
DWORD WaitForMultipleObjects(DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll, DWORD dwMilliseconds);
DWORD WaitForMultipleObjectsEx(DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll, DWORD dwMilliseconds,
                               BOOL bAlertable);

/*
 * SignalObjectAndWait - sets an event, releases a mutex or adds one to a semaphore, and then waits for the other
 * object. Both handles are checked before; what was signaled stays so if the wait fails or times out.
 * Needs: what the signal and the wait need.
 * Returns: as WaitForSingleObjectEx.
 * Errors: ERROR_NOT_OWNER; ERROR_TOO_MANY_POSTS.
 */
DWORD SignalObjectAndWait(HANDLE hObjectToSignal, HANDLE hObjectToWaitOn, DWORD dwMilliseconds, BOOL bAlertable);

/*
 * Sleep, SleepEx - waits for a time; 0 gives way to another thread. SleepEx is alertable if it is told so.
 * Returns (SleepEx): 0 after the time, WAIT_IO_COMPLETION after queued routines.
 */
void Sleep(DWORD dwMilliseconds);
DWORD SleepEx(DWORD dwMilliseconds, BOOL bAlertable);

/*
 * QueueUserAPC - has a thread call pfnAPC(dwData) in its next alertable wait.
 * Needs: THREAD_SET_CONTEXT on a thread of this process.
 * Returns: nonzero; 0 on failure.
 * Errors: ERROR_GEN_FAILURE for a thread that has ended; ERROR_ACCESS_DENIED for one of another process.
 */
DWORD QueueUserAPC(PAPCFUNC pfnAPC, HANDLE hThread, ULONG_PTR dwData);

/* SwitchToThread - gives way to another thread. Returns: whether there was one, as far as Linux tells. */
BOOL SwitchToThread(void);

/*
 * WaitOnAddress - waits, if the 1, 2, 4 or 8 bytes at the address equal those at CompareAddress, until it is woken. It
 * may return without reason, so ask again. Threads of this process only.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_TIMEOUT; ERROR_INVALID_PARAMETER for another size.
 */
BOOL WaitOnAddress(volatile VOID *Address, PVOID CompareAddress, SIZE_T AddressSize, DWORD dwMilliseconds);

/* WakeByAddressSingle, WakeByAddressAll - wakes one, or all, of the threads that wait on the address. */
void WakeByAddressSingle(PVOID Address);
void WakeByAddressAll(PVOID Address);

#define WT_EXECUTEDEFAULT 0x00000000
#define WT_EXECUTEINIOTHREAD 0x00000001
#define WT_EXECUTEINUITHREAD 0x00000002
#define WT_EXECUTEINWAITTHREAD 0x00000004
#define WT_EXECUTEONLYONCE 0x00000008
#define WT_EXECUTELONGFUNCTION 0x00000010
#define WT_EXECUTEINTIMERTHREAD 0x00000020
#define WT_EXECUTEINPERSISTENTIOTHREAD 0x00000040
#define WT_EXECUTEINPERSISTENTTHREAD 0x00000080
#define WT_TRANSFER_IMPERSONATION 0x00000100

typedef VOID(CALLBACK *WAITORTIMERCALLBACKFUNC)(PVOID lpParameter, BOOLEAN TimerOrWaitFired);
typedef WAITORTIMERCALLBACKFUNC WAITORTIMERCALLBACK;

/*
 * RegisterWaitForSingleObject - has a thread of the library wait for the object, time after time or with
 * WT_EXECUTEONLYONCE once, and call the function when a wait ends, with TRUE if its time was over.
 * Needs: SYNCHRONIZE.
 * Returns: TRUE, and in *phNewWaitObject what UnregisterWait takes, which is no handle; FALSE on failure.
 * Differs: each wait has a thread of its own, which calls, so that calls of one wait do not overlap.
 */
BOOL RegisterWaitForSingleObject(PHANDLE phNewWaitObject, HANDLE hObject, WAITORTIMERCALLBACK Callback, PVOID Context,
                                 ULONG dwMilliseconds, ULONG dwFlags);

/*
 * UnregisterWait, UnregisterWaitEx - ends the wait. A call that is under way goes on: with INVALID_HANDLE_VALUE it is
 * waited for, and an event is set when it is over.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_IO_PENDING if a call is under way that was not waited for; the wait has ended all the same.
 * ERROR_INVALID_HANDLE.
 */
BOOL UnregisterWait(HANDLE WaitHandle);
BOOL UnregisterWaitEx(HANDLE WaitHandle, HANDLE CompletionEvent);

/*
 * CreateTimerQueue - makes a queue of timers. CreateTimerQueueTimer - adds a timer to it, or with NULL to the queue that
 * every process has, which calls the function after DueTime milliseconds, and then each Period if that is not 0.
 * ChangeTimerQueueTimer - gives it other times, unless it has called for the last time.
 * Returns: a queue, NULL on failure; TRUE, and in *phNewTimer what the others take; FALSE on failure. They are no handles.
 * Errors: ERROR_INVALID_HANDLE for a queue or a timer that there is not.
 * Differs: each timer has a thread of its own, which calls, so that calls of one timer do not overlap.
 */
HANDLE CreateTimerQueue(void);
BOOL CreateTimerQueueTimer(PHANDLE phNewTimer, HANDLE TimerQueue, WAITORTIMERCALLBACK Callback, PVOID Parameter,
                           DWORD DueTime, DWORD Period, ULONG Flags);
BOOL ChangeTimerQueueTimer(HANDLE TimerQueue, HANDLE Timer, ULONG DueTime, ULONG Period);

/*
 * DeleteTimerQueueTimer, DeleteTimerQueueEx, DeleteTimerQueue - ends a timer, or a queue with its timers. Calls that are
 * under way, and errors, are as with UnregisterWaitEx.
 * Returns: TRUE; FALSE on failure.
 */
BOOL DeleteTimerQueueTimer(HANDLE TimerQueue, HANDLE Timer, HANDLE CompletionEvent);
BOOL DeleteTimerQueueEx(HANDLE TimerQueue, HANDLE CompletionEvent);
BOOL DeleteTimerQueue(HANDLE TimerQueue);

/* THREADS */

#define THREAD_TERMINATE 0x0001
#define THREAD_SUSPEND_RESUME 0x0002
#define THREAD_GET_CONTEXT 0x0008
#define THREAD_SET_CONTEXT 0x0010
#define THREAD_SET_INFORMATION 0x0020
#define THREAD_QUERY_INFORMATION 0x0040
#define THREAD_SET_THREAD_TOKEN 0x0080
#define THREAD_IMPERSONATE 0x0100
#define THREAD_DIRECT_IMPERSONATION 0x0200
#define THREAD_SET_LIMITED_INFORMATION 0x0400
#define THREAD_QUERY_LIMITED_INFORMATION 0x0800
#define THREAD_RESUME 0x1000
#define THREAD_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

#define THREAD_PRIORITY_LOWEST (-2)
#define THREAD_PRIORITY_BELOW_NORMAL (-1)
#define THREAD_PRIORITY_NORMAL 0
#define THREAD_PRIORITY_ABOVE_NORMAL 1
#define THREAD_PRIORITY_HIGHEST 2
#define THREAD_PRIORITY_TIME_CRITICAL 15
#define THREAD_PRIORITY_IDLE (-15)
#define THREAD_PRIORITY_ERROR_RETURN MAXLONG

#define CREATE_SUSPENDED 0x00000004
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x00010000
#define STILL_ACTIVE STATUS_PENDING

typedef DWORD(WINAPI *PTHREAD_START_ROUTINE)(LPVOID lpThreadParameter);
typedef PTHREAD_START_ROUTINE LPTHREAD_START_ROUTINE;

/*
 * CreateThread - starts a thread of this process. dwStackSize 0 means the system's usual size. With CREATE_SUSPENDED it
 * begins at the first ResumeThread. The handle is signaled when the thread has ended.
 * Returns: a handle with THREAD_ALL_ACCESS; NULL on failure. *lpThreadId gets the identifier that Linux gives it.
 * Errors: ERROR_NOT_ENOUGH_MEMORY; ERROR_INVALID_PARAMETER.
 */
HANDLE CreateThread(LPSECURITY_ATTRIBUTES lpThreadAttributes, SIZE_T dwStackSize, LPTHREAD_START_ROUTINE lpStartAddress,
                    LPVOID lpParameter, DWORD dwCreationFlags, LPDWORD lpThreadId);

/*
 * OpenThread - a handle to a thread by its identifier.
 * Returns: a handle; NULL on failure.
 * Errors: ERROR_INVALID_PARAMETER if there is no such thread.
 * Differs: threads of this process that the library knows: those it started, and those that have called it.
 */
HANDLE OpenThread(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwThreadId);

/*
 * ExitThread - ends the calling thread with a code. The mutexes it owns are abandoned. Does not return. In C++ the
 * destructors of the thread's functions run, which Windows leaves out.
 */
DECLSPEC_NORETURN void ExitThread(DWORD dwExitCode);

/*
 * TerminateThread - ends a thread with a code, by a signal whose handler runs nothing of the program. The mutexes it
 * owns are abandoned; what it holds inside the process, memory and critical sections, stays held.
 * Needs: THREAD_TERMINATE.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_NOT_SUPPORTED for a thread of another process; ERROR_GEN_FAILURE for one that does not end in ten
 * seconds.
 */
BOOL TerminateThread(HANDLE hThread, DWORD dwExitCode);

/*
 * GetExitCodeThread - the code with which a thread ended; STILL_ACTIVE while it runs.
 * Needs: THREAD_QUERY_LIMITED_INFORMATION.
 * Returns: TRUE; FALSE on failure.
 */
BOOL GetExitCodeThread(HANDLE hThread, LPDWORD lpExitCode);

/*
 * ResumeThread - counts a thread's suspensions down; at 0 it runs. SuspendThread - counts them up.
 * Needs: THREAD_SUSPEND_RESUME.
 * Returns: the count before; (DWORD)-1 on failure.
 * Differs: a thread that runs cannot be stopped from outside: SuspendThread counts for one that was created suspended
 * and has not been resumed, and fails with ERROR_NOT_SUPPORTED for every other.
 */
DWORD ResumeThread(HANDLE hThread);
DWORD SuspendThread(HANDLE hThread);

/*
 * GetCurrentThread - the pseudo handle of the calling thread, which needs no closing. DuplicateHandle makes a true one
 * of it.
 * GetCurrentThreadId - the identifier of the calling thread, the same that Linux uses.
 * GetThreadId, GetProcessIdOfThread - the identifier of a thread, or of its process; 0 on failure.
 * Needs: THREAD_QUERY_LIMITED_INFORMATION.
 */
HANDLE GetCurrentThread(void);
DWORD GetCurrentThreadId(void);
DWORD GetThreadId(HANDLE Thread);
DWORD GetProcessIdOfThread(HANDLE Thread);

/*
 * SetThreadPriority, GetThreadPriority - keeps a number (THREAD_PRIORITY_*) with the thread, and tells it.
 * Needs: THREAD_SET_LIMITED_INFORMATION to set, THREAD_QUERY_LIMITED_INFORMATION to tell.
 * Errors: ERROR_INVALID_PARAMETER for a number that is none of these.
 * Returns: TRUE, FALSE on failure; the number, THREAD_PRIORITY_ERROR_RETURN on failure.
 * Differs: the number has no effect; Linux's scheduler goes its own way.
 */
BOOL SetThreadPriority(HANDLE hThread, int nPriority);
int GetThreadPriority(HANDLE hThread);

/*
 * SetThreadAffinityMask - the processors, among the first 64, on which a thread may run.
 * Needs: THREAD_QUERY_LIMITED_INFORMATION and THREAD_SET_LIMITED_INFORMATION.
 * Returns: the mask before; 0 on failure.
 * Errors: ERROR_INVALID_PARAMETER for a mask with no processor of this machine.
 */
DWORD_PTR SetThreadAffinityMask(HANDLE hThread, DWORD_PTR dwThreadAffinityMask);

/* GetCurrentProcessorNumber - the processor on which the thread runs at this moment. */
DWORD GetCurrentProcessorNumber(void);

/* PROCESSES */

#define PROCESS_TERMINATE 0x0001
#define PROCESS_CREATE_THREAD 0x0002
#define PROCESS_SET_SESSIONID 0x0004
#define PROCESS_VM_OPERATION 0x0008
#define PROCESS_VM_READ 0x0010
#define PROCESS_VM_WRITE 0x0020
#define PROCESS_DUP_HANDLE 0x0040
#define PROCESS_CREATE_PROCESS 0x0080
#define PROCESS_SET_QUOTA 0x0100
#define PROCESS_SET_INFORMATION 0x0200
#define PROCESS_QUERY_INFORMATION 0x0400
#define PROCESS_SUSPEND_RESUME 0x0800
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000
#define PROCESS_SET_LIMITED_INFORMATION 0x2000
#define PROCESS_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

#define DEBUG_PROCESS 0x00000001
#define DEBUG_ONLY_THIS_PROCESS 0x00000002
#define DETACHED_PROCESS 0x00000008
#define CREATE_NEW_CONSOLE 0x00000010
#define NORMAL_PRIORITY_CLASS 0x00000020
#define IDLE_PRIORITY_CLASS 0x00000040
#define HIGH_PRIORITY_CLASS 0x00000080
#define REALTIME_PRIORITY_CLASS 0x00000100
#define CREATE_NEW_PROCESS_GROUP 0x00000200
#define CREATE_UNICODE_ENVIRONMENT 0x00000400
#define CREATE_SEPARATE_WOW_VDM 0x00000800
#define BELOW_NORMAL_PRIORITY_CLASS 0x00004000
#define ABOVE_NORMAL_PRIORITY_CLASS 0x00008000
#define INHERIT_PARENT_AFFINITY 0x00010000
#define CREATE_PROTECTED_PROCESS 0x00040000
#define EXTENDED_STARTUPINFO_PRESENT 0x00080000
#define CREATE_BREAKAWAY_FROM_JOB 0x01000000
#define CREATE_PRESERVE_CODE_AUTHZ_LEVEL 0x02000000
#define CREATE_DEFAULT_ERROR_MODE 0x04000000
#define CREATE_NO_WINDOW 0x08000000

#define STARTF_USESHOWWINDOW 0x00000001
#define STARTF_USESIZE 0x00000002
#define STARTF_USEPOSITION 0x00000004
#define STARTF_USECOUNTCHARS 0x00000008
#define STARTF_USEFILLATTRIBUTE 0x00000010
#define STARTF_RUNFULLSCREEN 0x00000020
#define STARTF_FORCEONFEEDBACK 0x00000040
#define STARTF_FORCEOFFFEEDBACK 0x00000080
#define STARTF_USESTDHANDLES 0x00000100
#define STARTF_USEHOTKEY 0x00000200

#define SW_HIDE 0
#define SW_SHOWNORMAL 1
#define SW_NORMAL 1
#define SW_SHOWMINIMIZED 2
#define SW_SHOWMAXIMIZED 3
#define SW_MAXIMIZE 3
#define SW_SHOWNOACTIVATE 4
#define SW_SHOW 5
#define SW_MINIMIZE 6
#define SW_SHOWMINNOACTIVE 7
#define SW_SHOWNA 8
#define SW_RESTORE 9
#define SW_SHOWDEFAULT 10
#define SW_FORCEMINIMIZE 11
#define SW_MAX 11

typedef struct _STARTUPINFOA {
    DWORD cb;
    LPSTR lpReserved;
    LPSTR lpDesktop;
    LPSTR lpTitle;
    DWORD dwX;
    DWORD dwY;
    DWORD dwXSize;
    DWORD dwYSize;
    DWORD dwXCountChars;
    DWORD dwYCountChars;
    DWORD dwFillAttribute;
    DWORD dwFlags;
    WORD wShowWindow;
    WORD cbReserved2;
    LPBYTE lpReserved2;
    HANDLE hStdInput;
    HANDLE hStdOutput;
    HANDLE hStdError;
} STARTUPINFOA, *LPSTARTUPINFOA;

typedef struct _STARTUPINFOW {
    DWORD cb;
    LPWSTR lpReserved;
    LPWSTR lpDesktop;
    LPWSTR lpTitle;
    DWORD dwX;
    DWORD dwY;
    DWORD dwXSize;
    DWORD dwYSize;
    DWORD dwXCountChars;
    DWORD dwYCountChars;
    DWORD dwFillAttribute;
    DWORD dwFlags;
    WORD wShowWindow;
    WORD cbReserved2;
    LPBYTE lpReserved2;
    HANDLE hStdInput;
    HANDLE hStdOutput;
    HANDLE hStdError;
} STARTUPINFOW, *LPSTARTUPINFOW;

#ifdef UNICODE
typedef STARTUPINFOW STARTUPINFO;
typedef LPSTARTUPINFOW LPSTARTUPINFO;
#else
typedef STARTUPINFOA STARTUPINFO;
typedef LPSTARTUPINFOA LPSTARTUPINFO;
#endif

typedef struct _PROCESS_INFORMATION {
    HANDLE hProcess;
    HANDLE hThread;
    DWORD dwProcessId;
    DWORD dwThreadId;
} PROCESS_INFORMATION, *PPROCESS_INFORMATION, *LPPROCESS_INFORMATION;

/*
 * CreateProcess - starts a program. The program is lpApplicationName, or the first word of the command line, which is
 * looked for beside the caller's program, in the current directory and along PATH; a name that ends in ".exe" also
 * means the file without it, and in a command line the other way round. The command line is split into arguments by
 * Windows' rules. With bInheritHandles the inheritable handles are open in the child under the same values, if the
 * child is a program of this library; STARTF_USESTDHANDLES sets its standard descriptors in any case. lpEnvironment is
 * a block of text, or NULL for the caller's; the current directory may be given.
 * Returns: TRUE, with handles of the process and its first thread, which both want closing; FALSE on failure.
 * Errors: ERROR_FILE_NOT_FOUND; ERROR_PATH_NOT_FOUND; ERROR_ACCESS_DENIED for a file that may not be executed;
 * ERROR_BAD_EXE_FORMAT; ERROR_DIRECTORY for a bad current directory; ERROR_INVALID_PARAMETER.
 * Differs: windows, desktops and consoles do not exist; the flags about them are accepted. An object's security for the
 * process is not used.
 */
BOOL CreateProcessA(LPCSTR lpApplicationName, LPSTR lpCommandLine, LPSECURITY_ATTRIBUTES lpProcessAttributes,
                    LPSECURITY_ATTRIBUTES lpThreadAttributes, BOOL bInheritHandles, DWORD dwCreationFlags,
                    LPVOID lpEnvironment, LPCSTR lpCurrentDirectory, LPSTARTUPINFOA lpStartupInfo,
                    LPPROCESS_INFORMATION lpProcessInformation);
BOOL CreateProcessW(LPCWSTR lpApplicationName, LPWSTR lpCommandLine, LPSECURITY_ATTRIBUTES lpProcessAttributes,
                    LPSECURITY_ATTRIBUTES lpThreadAttributes, BOOL bInheritHandles, DWORD dwCreationFlags,
                    LPVOID lpEnvironment, LPCWSTR lpCurrentDirectory, LPSTARTUPINFOW lpStartupInfo,
                    LPPROCESS_INFORMATION lpProcessInformation);
#define CreateProcess COVIEW_NAME(CreateProcess)

/*
 * ExitProcess - ends the process with a code. Does not return. Functions that were given to atexit run.
 * Differs: a parent on Linux sees the low eight bits; one that uses this library sees all of them.
 */
DECLSPEC_NORETURN void ExitProcess(UINT uExitCode);

/*
 * TerminateProcess - ends a process with a code, at once and without its help. For another process this is SIGKILL.
 * Needs: PROCESS_TERMINATE, and that Linux lets this user do it.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_ACCESS_DENIED, also for a process that has ended.
 */
BOOL TerminateProcess(HANDLE hProcess, UINT uExitCode);

/*
 * GetExitCodeProcess - the code with which a process ended; STILL_ACTIVE while it runs.
 * Needs: PROCESS_QUERY_LIMITED_INFORMATION.
 * Returns: TRUE; FALSE on failure.
 */
BOOL GetExitCodeProcess(HANDLE hProcess, LPDWORD lpExitCode);

/*
 * OpenProcess - a handle to a process by its identifier, which is the one that Linux uses.
 * Returns: a handle; NULL on failure.
 * Errors: ERROR_INVALID_PARAMETER if there is no such process; ERROR_ACCESS_DENIED.
 */
HANDLE OpenProcess(DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwProcessId);

/*
 * GetCurrentProcess - the pseudo handle of this process, which needs no closing. Its value is INVALID_HANDLE_VALUE.
 * GetCurrentProcessId - the identifier of this process. GetProcessId - that of another one; 0 on failure.
 */
HANDLE GetCurrentProcess(void);
DWORD GetCurrentProcessId(void);
DWORD GetProcessId(HANDLE Process);

/* GetStartupInfo - what CreateProcess was told about this process, if it was called for it. */
void GetStartupInfoA(LPSTARTUPINFOA lpStartupInfo);
void GetStartupInfoW(LPSTARTUPINFOW lpStartupInfo);
#define GetStartupInfo COVIEW_NAME(GetStartupInfo)

#define SEE_MASK_DEFAULT 0x00000000
#define SEE_MASK_CLASSNAME 0x00000001
#define SEE_MASK_CLASSKEY 0x00000003
#define SEE_MASK_IDLIST 0x00000004
#define SEE_MASK_INVOKEIDLIST 0x0000000C
#define SEE_MASK_ICON 0x00000010
#define SEE_MASK_HOTKEY 0x00000020
#define SEE_MASK_NOCLOSEPROCESS 0x00000040
#define SEE_MASK_CONNECTNETDRV 0x00000080
#define SEE_MASK_NOASYNC 0x00000100
#define SEE_MASK_FLAG_DDEWAIT SEE_MASK_NOASYNC
#define SEE_MASK_DOENVSUBST 0x00000200
#define SEE_MASK_FLAG_NO_UI 0x00000400
#define SEE_MASK_UNICODE 0x00004000
#define SEE_MASK_NO_CONSOLE 0x00008000
#define SEE_MASK_ASYNCOK 0x00100000
#define SEE_MASK_HMONITOR 0x00200000
#define SEE_MASK_NOZONECHECKS 0x00800000
#define SEE_MASK_WAITFORINPUTIDLE 0x02000000
#define SEE_MASK_FLAG_LOG_USAGE 0x04000000

#define SE_ERR_FNF 2
#define SE_ERR_PNF 3
#define SE_ERR_ACCESSDENIED 5
#define SE_ERR_OOM 8
#define SE_ERR_SHARE 26
#define SE_ERR_ASSOCINCOMPLETE 27
#define SE_ERR_DDETIMEOUT 28
#define SE_ERR_DDEFAIL 29
#define SE_ERR_DDEBUSY 30
#define SE_ERR_NOASSOC 31
#define SE_ERR_DLLNOTFOUND 32

typedef struct _SHELLEXECUTEINFOA {
    DWORD cbSize;
    ULONG fMask;
    HWND hwnd;
    LPCSTR lpVerb;
    LPCSTR lpFile;
    LPCSTR lpParameters;
    LPCSTR lpDirectory;
    int nShow;
    HINSTANCE hInstApp;
    void *lpIDList;
    LPCSTR lpClass;
    HKEY hkeyClass;
    DWORD dwHotKey;
    __extension__ union {
        HANDLE hIcon;
        HANDLE hMonitor;
    };
    HANDLE hProcess;
} SHELLEXECUTEINFOA, *LPSHELLEXECUTEINFOA;

typedef struct _SHELLEXECUTEINFOW {
    DWORD cbSize;
    ULONG fMask;
    HWND hwnd;
    LPCWSTR lpVerb;
    LPCWSTR lpFile;
    LPCWSTR lpParameters;
    LPCWSTR lpDirectory;
    int nShow;
    HINSTANCE hInstApp;
    void *lpIDList;
    LPCWSTR lpClass;
    HKEY hkeyClass;
    DWORD dwHotKey;
    __extension__ union {
        HANDLE hIcon;
        HANDLE hMonitor;
    };
    HANDLE hProcess;
} SHELLEXECUTEINFOW, *LPSHELLEXECUTEINFOW;

#ifdef UNICODE
typedef SHELLEXECUTEINFOW SHELLEXECUTEINFO;
typedef LPSHELLEXECUTEINFOW LPSHELLEXECUTEINFO;
#else
typedef SHELLEXECUTEINFOA SHELLEXECUTEINFO;
typedef LPSHELLEXECUTEINFOA LPSHELLEXECUTEINFO;
#endif

/*
 * ShellExecute - starts a program with parameters in a directory. The operation is NULL, "open" or "runas".
 * ShellExecuteEx - the same; with SEE_MASK_NOCLOSEPROCESS it stores a handle to the process.
 * Returns: a value above 32; on failure one of SE_ERR_*. The Ex form TRUE; FALSE on failure.
 * Errors (Ex): ERROR_FILE_NOT_FOUND; ERROR_PATH_NOT_FOUND; ERROR_ACCESS_DENIED; ERROR_NO_ASSOCIATION.
 * Differs: a document, a folder or an address is given to xdg-open, if that is there; other operations than "open" and
 * "runas" have no association; nShow is not used.
 */
HINSTANCE ShellExecuteA(HWND hwnd, LPCSTR lpOperation, LPCSTR lpFile, LPCSTR lpParameters, LPCSTR lpDirectory,
                        INT nShowCmd);
HINSTANCE ShellExecuteW(HWND hwnd, LPCWSTR lpOperation, LPCWSTR lpFile, LPCWSTR lpParameters, LPCWSTR lpDirectory,
                        INT nShowCmd);
BOOL ShellExecuteExA(SHELLEXECUTEINFOA *pExecInfo);
BOOL ShellExecuteExW(SHELLEXECUTEINFOW *pExecInfo);
#define ShellExecute COVIEW_NAME(ShellExecute)
#define ShellExecuteEx COVIEW_NAME(ShellExecuteEx)

/* WinExec - starts a command line. Returns: a value above 31; else the error. */
UINT WinExec(LPCSTR lpCmdLine, UINT uCmdShow);

/*
 * GetCommandLine - the command line of this process. Where Linux was given arguments, they are joined so that
 * CommandLineToArgvW takes them apart again. The text stays the library's.
 */
LPSTR GetCommandLineA(void);
LPWSTR GetCommandLineW(void);
#define GetCommandLine COVIEW_NAME(GetCommandLine)

/*
 * CommandLineToArgvW - takes a command line apart by Windows' rules; "" gives the path of the program.
 * Returns: an array in one block, which is freed with LocalFree; NULL on failure.
 */
LPWSTR *CommandLineToArgvW(LPCWSTR lpCmdLine, int *pNumArgs);

/*
 * GetEnvironmentVariable - copies a variable's value.
 * Returns: its length without the end; the size it needs with the end if nSize is too small; 0 on failure.
 * Errors: ERROR_ENVVAR_NOT_FOUND.
 * Differs: a name is found as it is written; only if there is none, one that differs in the case of ASCII letters.
 */
DWORD GetEnvironmentVariableA(LPCSTR lpName, LPSTR lpBuffer, DWORD nSize);
DWORD GetEnvironmentVariableW(LPCWSTR lpName, LPWSTR lpBuffer, DWORD nSize);
#define GetEnvironmentVariable COVIEW_NAME(GetEnvironmentVariable)

/*
 * SetEnvironmentVariable - sets a variable, or removes it if lpValue is NULL. getenv sees the change.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER for a name with '='; ERROR_ENVVAR_NOT_FOUND.
 */
BOOL SetEnvironmentVariableA(LPCSTR lpName, LPCSTR lpValue);
BOOL SetEnvironmentVariableW(LPCWSTR lpName, LPCWSTR lpValue);
#define SetEnvironmentVariable COVIEW_NAME(SetEnvironmentVariable)

/*
 * GetEnvironmentStrings - all variables as one block of texts "name=value", with an empty one behind the last.
 * FreeEnvironmentStrings - frees it.
 */
#ifdef UNICODE
#define GetEnvironmentStrings GetEnvironmentStringsW
#else
LPCH GetEnvironmentStrings(void);
#endif
LPCH GetEnvironmentStringsA(void);
LPWCH GetEnvironmentStringsW(void);
BOOL FreeEnvironmentStringsA(LPCH penv);
BOOL FreeEnvironmentStringsW(LPWCH penv);
#define FreeEnvironmentStrings COVIEW_NAME(FreeEnvironmentStrings)

/*
 * ExpandEnvironmentStrings - replaces each %name% that is set by its value.
 * Returns: the characters it needs, with the end; 0 on failure.
 */
DWORD ExpandEnvironmentStringsA(LPCSTR lpSrc, LPSTR lpDst, DWORD nSize);
DWORD ExpandEnvironmentStringsW(LPCWSTR lpSrc, LPWSTR lpDst, DWORD nSize);
#define ExpandEnvironmentStrings COVIEW_NAME(ExpandEnvironmentStrings)

/*
 * GetCurrentDirectory - as GetEnvironmentVariable, but with the size first. SetCurrentDirectory - changes it.
 * Errors: ERROR_FILE_NOT_FOUND; ERROR_PATH_NOT_FOUND; ERROR_DIRECTORY for what is not a directory; ERROR_INVALID_NAME
 * for no name.
 */
DWORD GetCurrentDirectoryA(DWORD nBufferLength, LPSTR lpBuffer);
DWORD GetCurrentDirectoryW(DWORD nBufferLength, LPWSTR lpBuffer);
BOOL SetCurrentDirectoryA(LPCSTR lpPathName);
BOOL SetCurrentDirectoryW(LPCWSTR lpPathName);
#define GetCurrentDirectory COVIEW_NAME(GetCurrentDirectory)
#define SetCurrentDirectory COVIEW_NAME(SetCurrentDirectory)

#define STD_INPUT_HANDLE ((DWORD)-10)
#define STD_OUTPUT_HANDLE ((DWORD)-11)
#define STD_ERROR_HANDLE ((DWORD)-12)

/*
 * GetStdHandle - the handle of standard input, output or error (descriptors 0, 1, 2). SetStdHandle - replaces the
 * handle; the C library keeps its descriptor.
 * Returns: the handle, INVALID_HANDLE_VALUE on failure; TRUE, FALSE on failure.
 */
HANDLE GetStdHandle(DWORD nStdHandle);
BOOL SetStdHandle(DWORD nStdHandle, HANDLE hHandle);

/*
 * CreatePipe - a handle to read and one to write, which is inheritable by the attributes. nSize is a wish.
 * Returns: TRUE; FALSE on failure.
 */
BOOL CreatePipe(PHANDLE hReadPipe, PHANDLE hWritePipe, LPSECURITY_ATTRIBUTES lpPipeAttributes, DWORD nSize);

/* MODULES */

#define GET_MODULE_HANDLE_EX_FLAG_PIN 0x00000001
#define GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT 0x00000002
#define GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS 0x00000004
#define DLL_PROCESS_DETACH 0
#define DLL_PROCESS_ATTACH 1
#define DLL_THREAD_ATTACH 2
#define DLL_THREAD_DETACH 3

/* What a program for Windows puts into the section .CRT$XL? to be told of threads. Differs: nobody calls it. */
typedef VOID(NTAPI *PIMAGE_TLS_CALLBACK)(PVOID DllHandle, DWORD Reason, PVOID Reserved);

/*
 * GetModuleFileName - the path of the program (hModule NULL) or of a library.
 * Returns: its length; nSize and ERROR_INSUFFICIENT_BUFFER if it was cut; 0 on failure.
 * Differs: DllMain is an ordinary function here, which nobody calls.
 */
DWORD GetModuleFileNameA(HMODULE hModule, LPSTR lpFilename, DWORD nSize);
DWORD GetModuleFileNameW(HMODULE hModule, LPWSTR lpFilename, DWORD nSize);
#define GetModuleFileName COVIEW_NAME(GetModuleFileName)

/*
 * GetModuleHandle, GetModuleHandleEx - the program (NULL), or a library that is loaded. "kernel32", "kernel32.dll" and
 * the other names of Windows' own libraries mean this one. The Ex form counts as LoadLibrary does, unless it is told
 * not to.
 * Returns: the module, NULL on failure; TRUE, FALSE on failure.
 * Errors: ERROR_MOD_NOT_FOUND; ERROR_INVALID_PARAMETER for no name.
 */
HMODULE GetModuleHandleA(LPCSTR lpModuleName);
HMODULE GetModuleHandleW(LPCWSTR lpModuleName);
BOOL GetModuleHandleExA(DWORD dwFlags, LPCSTR lpModuleName, HMODULE *phModule);
BOOL GetModuleHandleExW(DWORD dwFlags, LPCWSTR lpModuleName, HMODULE *phModule);
#define GetModuleHandle COVIEW_NAME(GetModuleHandle)
#define GetModuleHandleEx COVIEW_NAME(GetModuleHandleEx)

/*
 * LoadLibrary - loads a shared library of Linux (dlopen). FreeLibrary - undoes one LoadLibrary.
 * Returns: the module, NULL on failure; TRUE, FALSE on failure.
 * Errors: ERROR_MOD_NOT_FOUND; ERROR_INVALID_PARAMETER for no name.
 */
HMODULE LoadLibraryA(LPCSTR lpLibFileName);
HMODULE LoadLibraryW(LPCWSTR lpLibFileName);
BOOL FreeLibrary(HMODULE hLibModule);
#define LoadLibrary COVIEW_NAME(LoadLibrary)

/*
 * GetProcAddress - a function of a module by its name.
 * Returns: its address, NULL on failure.
 * Errors: ERROR_PROC_NOT_FOUND. There are no ordinals.
 */
FARPROC GetProcAddress(HMODULE hModule, LPCSTR lpProcName);

/* SYNCHRONIZATION INSIDE ONE PROCESS. None of these has a name, a handle or an error that must be asked for. */

typedef struct _RTL_CRITICAL_SECTION_DEBUG {
    WORD Type;
    WORD CreatorBackTraceIndex;
    struct _RTL_CRITICAL_SECTION *CriticalSection;
    LIST_ENTRY ProcessLocksList;
    DWORD EntryCount;
    DWORD ContentionCount;
    DWORD Flags;
    WORD CreatorBackTraceIndexHigh;
    WORD Identifier;
} RTL_CRITICAL_SECTION_DEBUG, *PRTL_CRITICAL_SECTION_DEBUG, CRITICAL_SECTION_DEBUG, *PCRITICAL_SECTION_DEBUG,
    *LPCRITICAL_SECTION_DEBUG;

typedef struct _RTL_CRITICAL_SECTION {
    PRTL_CRITICAL_SECTION_DEBUG DebugInfo;
    LONG LockCount;
    LONG RecursionCount;
    HANDLE OwningThread;
    HANDLE LockSemaphore;
    ULONG_PTR SpinCount;
} RTL_CRITICAL_SECTION, *PRTL_CRITICAL_SECTION, CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION;

typedef struct _RTL_SRWLOCK {
    PVOID Ptr;
} RTL_SRWLOCK, *PRTL_SRWLOCK, SRWLOCK, *PSRWLOCK;

typedef struct _RTL_CONDITION_VARIABLE {
    PVOID Ptr;
} RTL_CONDITION_VARIABLE, *PRTL_CONDITION_VARIABLE, CONDITION_VARIABLE, *PCONDITION_VARIABLE;

typedef union _RTL_RUN_ONCE {
    PVOID Ptr;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE, INIT_ONCE, *PINIT_ONCE, *LPINIT_ONCE;

#define RTL_SRWLOCK_INIT {0}
#define SRWLOCK_INIT RTL_SRWLOCK_INIT
#define RTL_CONDITION_VARIABLE_INIT {0}
#define CONDITION_VARIABLE_INIT RTL_CONDITION_VARIABLE_INIT
#define RTL_RUN_ONCE_INIT {0}
#define INIT_ONCE_STATIC_INIT RTL_RUN_ONCE_INIT
#define RTL_CONDITION_VARIABLE_LOCKMODE_SHARED 0x1
#define CONDITION_VARIABLE_LOCKMODE_SHARED RTL_CONDITION_VARIABLE_LOCKMODE_SHARED
#define CRITICAL_SECTION_NO_DEBUG_INFO 0x01000000
#define RTL_RUN_ONCE_CHECK_ONLY 0x00000001
#define RTL_RUN_ONCE_ASYNC 0x00000002
#define RTL_RUN_ONCE_INIT_FAILED 0x00000004
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2
#define INIT_ONCE_CHECK_ONLY RTL_RUN_ONCE_CHECK_ONLY
#define INIT_ONCE_ASYNC RTL_RUN_ONCE_ASYNC
#define INIT_ONCE_INIT_FAILED RTL_RUN_ONCE_INIT_FAILED
#define INIT_ONCE_CTX_RESERVED_BITS RTL_RUN_ONCE_CTX_RESERVED_BITS
#define TLS_OUT_OF_INDEXES ((DWORD)0xFFFFFFFF)
#define TLS_MINIMUM_AVAILABLE 64
#define FLS_OUT_OF_INDEXES ((DWORD)0xFFFFFFFF)

typedef BOOL(WINAPI *PINIT_ONCE_FN)(PINIT_ONCE InitOnce, PVOID Parameter, PVOID *Context);
typedef VOID(WINAPI *PFLS_CALLBACK_FUNCTION)(PVOID lpFlsData);

/*
 * InitializeCriticalSection, ...AndSpinCount, ...Ex - makes a lock that its owner may take again. DeleteCriticalSection
 * ends it. The fields are Windows' fields: a program may look at OwningThread and RecursionCount.
 * SetCriticalSectionSpinCount - how often a taker looks before it sleeps; returns the count before.
 * Returns (AndSpinCount, Ex): TRUE.
 */
void InitializeCriticalSection(LPCRITICAL_SECTION lpCriticalSection);
BOOL InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount);
BOOL InitializeCriticalSectionEx(LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount, DWORD Flags);
DWORD SetCriticalSectionSpinCount(LPCRITICAL_SECTION lpCriticalSection, DWORD dwSpinCount);
void DeleteCriticalSection(LPCRITICAL_SECTION lpCriticalSection);

/*
 * EnterCriticalSection - waits for the lock and takes it. LeaveCriticalSection - gives back one taking.
 * TryEnterCriticalSection - takes it if it is free or the thread's. Returns: whether it did.
 * The owner's end does not free it.
 */
void EnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection);
BOOL TryEnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection);
void LeaveCriticalSection(LPCRITICAL_SECTION lpCriticalSection);

/*
 * Slim locks: one pointer, many readers or one writer, not to be taken twice by one thread. No call ends one.
 * Acquire... - waits and takes. TryAcquire... - takes it if that is possible at once. Returns: whether it did.
 */
void InitializeSRWLock(PSRWLOCK SRWLock);
void AcquireSRWLockExclusive(PSRWLOCK SRWLock);
void AcquireSRWLockShared(PSRWLOCK SRWLock);
BOOLEAN TryAcquireSRWLockExclusive(PSRWLOCK SRWLock);
BOOLEAN TryAcquireSRWLockShared(PSRWLOCK SRWLock);
void ReleaseSRWLockExclusive(PSRWLOCK SRWLock);
void ReleaseSRWLockShared(PSRWLOCK SRWLock);

/*
 * SleepConditionVariableCS, SleepConditionVariableSRW - gives the lock back, waits to be woken, and takes it again. A
 * wait may end without reason, so ask again. Flags is 0, or CONDITION_VARIABLE_LOCKMODE_SHARED for a lock taken to
 * read.
 * Returns: TRUE; FALSE on failure, with the lock taken.
 * Errors: ERROR_TIMEOUT.
 * WakeConditionVariable, WakeAllConditionVariable - wakes one waiter, or all.
 */
void InitializeConditionVariable(PCONDITION_VARIABLE ConditionVariable);
BOOL SleepConditionVariableCS(PCONDITION_VARIABLE ConditionVariable, PCRITICAL_SECTION CriticalSection,
                              DWORD dwMilliseconds);
BOOL SleepConditionVariableSRW(PCONDITION_VARIABLE ConditionVariable, PSRWLOCK SRWLock, DWORD dwMilliseconds,
                               ULONG Flags);
void WakeConditionVariable(PCONDITION_VARIABLE ConditionVariable);
void WakeAllConditionVariable(PCONDITION_VARIABLE ConditionVariable);

/*
 * InitOnceExecuteOnce - calls the function once; others wait for it. If it returns FALSE the next caller tries again.
 * InitOnceBeginInitialize, InitOnceComplete - the same as two calls, with INIT_ONCE_ASYNC for several at a time. A
 * context's low INIT_ONCE_CTX_RESERVED_BITS bits must be 0.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER for flags or an order of calls that cannot be; ERROR_GEN_FAILURE.
 */
void InitOnceInitialize(PINIT_ONCE InitOnce);
BOOL InitOnceExecuteOnce(PINIT_ONCE InitOnce, PINIT_ONCE_FN InitFn, PVOID Parameter, LPVOID *Context);
BOOL InitOnceBeginInitialize(LPINIT_ONCE lpInitOnce, DWORD dwFlags, PBOOL fPending, LPVOID *lpContext);
BOOL InitOnceComplete(LPINIT_ONCE lpInitOnce, DWORD dwFlags, LPVOID lpContext);

#define SYNCHRONIZATION_BARRIER_FLAGS_SPIN_ONLY 0x01
#define SYNCHRONIZATION_BARRIER_FLAGS_BLOCK_ONLY 0x02
#define SYNCHRONIZATION_BARRIER_FLAGS_NO_DELETE 0x04

typedef struct _RTL_BARRIER {
    DWORD Reserved1;
    DWORD Reserved2;
    ULONG_PTR Reserved3[2];
    DWORD Reserved4;
    DWORD Reserved5;
} RTL_BARRIER, *PRTL_BARRIER, SYNCHRONIZATION_BARRIER, *PSYNCHRONIZATION_BARRIER, *LPSYNCHRONIZATION_BARRIER;

/*
 * InitializeSynchronizationBarrier - makes a barrier for lTotalThreads threads of this process.
 * EnterSynchronizationBarrier - waits until as many threads have entered.
 * DeleteSynchronizationBarrier - waits for those to leave who entered without SYNCHRONIZATION_BARRIER_FLAGS_NO_DELETE.
 * Returns: TRUE; FALSE on failure. EnterSynchronizationBarrier: TRUE to the last thread that enters, FALSE to the others.
 * Errors: ERROR_INVALID_PARAMETER for no threads, or a count of spins below -1.
 * Differs: the flags about spinning have no effect.
 */
BOOL InitializeSynchronizationBarrier(LPSYNCHRONIZATION_BARRIER lpBarrier, LONG lTotalThreads, LONG lSpinCount);
BOOL EnterSynchronizationBarrier(LPSYNCHRONIZATION_BARRIER lpBarrier, DWORD dwFlags);
BOOL DeleteSynchronizationBarrier(LPSYNCHRONIZATION_BARRIER lpBarrier);

/*
 * TlsAlloc, TlsFree - takes an index with one value per thread, NULL at first, and gives it back. TlsGetValue,
 * TlsSetValue.
 * Returns: the index, TLS_OUT_OF_INDEXES on failure; TRUE, FALSE on failure; the value, with last error 0 on success.
 * Errors: ERROR_NO_MORE_ITEMS; ERROR_INVALID_PARAMETER for an index that is not taken.
 */
DWORD TlsAlloc(void);
BOOL TlsFree(DWORD dwTlsIndex);
LPVOID TlsGetValue(DWORD dwTlsIndex);
BOOL TlsSetValue(DWORD dwTlsIndex, LPVOID lpTlsValue);

/* FlsAlloc, ... - the same with a function that is called for a thread's value that is not NULL when the thread or the
   index ends. There are no fibers: the values are the thread's. */
DWORD FlsAlloc(PFLS_CALLBACK_FUNCTION lpCallback);
BOOL FlsFree(DWORD dwFlsIndex);
PVOID FlsGetValue(DWORD dwFlsIndex);
BOOL FlsSetValue(DWORD dwFlsIndex, PVOID lpFlsData);

/* HEAPS */

#define HEAP_NO_SERIALIZE 0x00000001
#define HEAP_GROWABLE 0x00000002
#define HEAP_GENERATE_EXCEPTIONS 0x00000004
#define HEAP_ZERO_MEMORY 0x00000008
#define HEAP_REALLOC_IN_PLACE_ONLY 0x00000010
#define HEAP_CREATE_ENABLE_EXECUTE 0x00040000
#define LMEM_FIXED 0x0000
#define LMEM_MOVEABLE 0x0002
#define LMEM_NOCOMPACT 0x0010
#define LMEM_NODISCARD 0x0020
#define LMEM_ZEROINIT 0x0040
#define LMEM_MODIFY 0x0080
#define LHND (LMEM_MOVEABLE | LMEM_ZEROINIT)
#define LPTR (LMEM_FIXED | LMEM_ZEROINIT)
#define NONZEROLHND (LMEM_MOVEABLE)
#define NONZEROLPTR (LMEM_FIXED)
#define GMEM_FIXED 0x0000
#define GMEM_MOVEABLE 0x0002
#define GMEM_NOCOMPACT 0x0010
#define GMEM_NODISCARD 0x0020
#define GMEM_ZEROINIT 0x0040
#define GMEM_MODIFY 0x0080
#define GMEM_SHARE 0x2000
#define GMEM_DDESHARE 0x2000
#define GHND (GMEM_MOVEABLE | GMEM_ZEROINIT)
#define GPTR (GMEM_FIXED | GMEM_ZEROINIT)

/*
 * GetProcessHeap - the heap of the process. HeapCreate, HeapDestroy - makes another, and frees it with all that is in
 * it.
 * HeapAlloc, HeapReAlloc, HeapFree - memory aligned to 16 bytes. HeapSize - its size as it was asked for. HeapValidate.
 * HeapCompact - nothing: 0, and last error 0.
 * Returns: the heap or the memory, NULL on failure; TRUE, FALSE on failure; the size, (SIZE_T)-1 on failure.
 * Errors: ERROR_NOT_ENOUGH_MEMORY; ERROR_INVALID_HANDLE; ERROR_INVALID_PARAMETER.
 * Differs: HEAP_GENERATE_EXCEPTIONS has no exception to generate: the call returns NULL. Every heap may be used by all
 * threads, and none can be executed. A maximum size is one for each block.
 */
HANDLE GetProcessHeap(void);
HANDLE HeapCreate(DWORD flOptions, SIZE_T dwInitialSize, SIZE_T dwMaximumSize);
BOOL HeapDestroy(HANDLE hHeap);
LPVOID HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes);
LPVOID HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes);
BOOL HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem);
SIZE_T HeapSize(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem);
BOOL HeapValidate(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem);
SIZE_T HeapCompact(HANDLE hHeap, DWORD dwFlags);

/*
 * LocalAlloc, GlobalAlloc and their families - memory under a handle, which is its address. It moves only when it is
 * reallocated, and then only if it is moveable and not locked, or if the flags say LMEM_MOVEABLE (GMEM_MOVEABLE).
 * Returns: the handle, NULL on failure; LocalFree and GlobalFree NULL; the size, 0 on failure. GlobalLock the address.
 * GlobalUnlock TRUE while locks remain; with the last one FALSE and last error 0.
 * Errors: ERROR_NOT_ENOUGH_MEMORY; ERROR_INVALID_HANDLE; ERROR_DISCARDED for a block of no bytes that is locked.
 * Differs: the handle of a moveable block is its address too.
 */
HLOCAL LocalAlloc(UINT uFlags, SIZE_T uBytes);
HLOCAL LocalReAlloc(HLOCAL hMem, SIZE_T uBytes, UINT uFlags);
HLOCAL LocalFree(HLOCAL hMem);
SIZE_T LocalSize(HLOCAL hMem);
HGLOBAL GlobalAlloc(UINT uFlags, SIZE_T dwBytes);
HGLOBAL GlobalReAlloc(HGLOBAL hMem, SIZE_T dwBytes, UINT uFlags);
HGLOBAL GlobalFree(HGLOBAL hMem);
LPVOID GlobalLock(HGLOBAL hMem);
BOOL GlobalUnlock(HGLOBAL hMem);
SIZE_T GlobalSize(HGLOBAL hMem);

/* STRINGS */

#define CP_ACP 0
#define CP_OEMCP 1
#define CP_MACCP 2
#define CP_THREAD_ACP 3
#define CP_SYMBOL 42
#define CP_UTF7 65000
#define CP_UTF8 65001
#define MB_PRECOMPOSED 0x00000001
#define MB_COMPOSITE 0x00000002
#define MB_USEGLYPHCHARS 0x00000004
#define MB_ERR_INVALID_CHARS 0x00000008
#define WC_COMPOSITECHECK 0x00000200
#define WC_DISCARDNS 0x00000010
#define WC_SEPCHARS 0x00000020
#define WC_DEFAULTCHAR 0x00000040
#define WC_ERR_INVALID_CHARS 0x00000080
#define WC_NO_BEST_FIT_CHARS 0x00000400

/*
 * lstrlen - the length; 0 for NULL. lstrcpy, lstrcat, lstrcpyn - copy; lstrcpyn at most iMaxLength with the end, always
 * with an end. They return the destination, NULL if it or the source is NULL.
 * lstrcmp, lstrcmpi - compare; the i form takes upper and lower case as equal. NULL comes before all text.
 * Differs: characters are ordered by their codes, not by a language.
 */
int lstrlenA(LPCSTR lpString);
int lstrlenW(LPCWSTR lpString);
LPSTR lstrcpyA(LPSTR lpString1, LPCSTR lpString2);
LPWSTR lstrcpyW(LPWSTR lpString1, LPCWSTR lpString2);
LPSTR lstrcpynA(LPSTR lpString1, LPCSTR lpString2, int iMaxLength);
LPWSTR lstrcpynW(LPWSTR lpString1, LPCWSTR lpString2, int iMaxLength);
LPSTR lstrcatA(LPSTR lpString1, LPCSTR lpString2);
LPWSTR lstrcatW(LPWSTR lpString1, LPCWSTR lpString2);
int lstrcmpA(LPCSTR lpString1, LPCSTR lpString2);
int lstrcmpW(LPCWSTR lpString1, LPCWSTR lpString2);
int lstrcmpiA(LPCSTR lpString1, LPCSTR lpString2);
int lstrcmpiW(LPCWSTR lpString1, LPCWSTR lpString2);
#define lstrlen COVIEW_NAME(lstrlen)
#define lstrcpy COVIEW_NAME(lstrcpy)
#define lstrcpyn COVIEW_NAME(lstrcpyn)
#define lstrcat COVIEW_NAME(lstrcat)
#define lstrcmp COVIEW_NAME(lstrcmp)
#define lstrcmpi COVIEW_NAME(lstrcmpi)

/*
 * MultiByteToWideChar, WideCharToMultiByte - between UTF-8 and UTF-16. A length of -1 means up to the end, which is
 * then copied. A size of 0 asks what is needed.
 * Returns: the characters written or needed; 0 on failure.
 * Errors: ERROR_INSUFFICIENT_BUFFER; ERROR_NO_UNICODE_TRANSLATION under MB_ERR_INVALID_CHARS or WC_ERR_INVALID_CHARS;
 * ERROR_INVALID_FLAGS; ERROR_INVALID_PARAMETER, also for a code page other than UTF-8 and those that mean it here
 * (CP_ACP, CP_OEMCP, CP_THREAD_ACP).
 */
int MultiByteToWideChar(UINT CodePage, DWORD dwFlags, LPCSTR lpMultiByteStr, int cbMultiByte, LPWSTR lpWideCharStr,
                        int cchWideChar);
int WideCharToMultiByte(UINT CodePage, DWORD dwFlags, LPCWSTR lpWideCharStr, int cchWideChar, LPSTR lpMultiByteStr,
                        int cbMultiByte, LPCSTR lpDefaultChar, LPBOOL lpUsedDefaultChar);

/* GetACP, GetOEMCP - CP_UTF8. IsDBCSLeadByte - FALSE, for UTF-8 is not a code page of one or two bytes. */
UINT GetACP(void);
UINT GetOEMCP(void);
BOOL IsDBCSLeadByte(BYTE TestChar);

/* TIME */

/* GetTickCount, GetTickCount64 - milliseconds since the system started; the first begins again after 49.7 days. */
DWORD GetTickCount(void);
ULONGLONG GetTickCount64(void);

/* QueryPerformanceCounter, QueryPerformanceFrequency - a clock that only goes forward, and its ticks in a second. TRUE.
   */
BOOL QueryPerformanceCounter(LARGE_INTEGER *lpPerformanceCount);
BOOL QueryPerformanceFrequency(LARGE_INTEGER *lpFrequency);

/*
 * GetSystemTime, GetLocalTime - the time of day, universal or local. GetSystemTimeAsFileTime, ...PreciseAsFileTime -
 * the same in 100 ns since 1601.
 */
void GetSystemTime(LPSYSTEMTIME lpSystemTime);
void GetLocalTime(LPSYSTEMTIME lpSystemTime);
void GetSystemTimeAsFileTime(LPFILETIME lpSystemTimeAsFileTime);
void GetSystemTimePreciseAsFileTime(LPFILETIME lpSystemTimeAsFileTime);

/*
 * SystemTimeToFileTime, FileTimeToSystemTime, FileTimeToLocalFileTime - convert. CompareFileTime - -1, 0 or 1.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_INVALID_PARAMETER for a date that does not exist.
 */
BOOL SystemTimeToFileTime(const SYSTEMTIME *lpSystemTime, LPFILETIME lpFileTime);
BOOL FileTimeToSystemTime(const FILETIME *lpFileTime, LPSYSTEMTIME lpSystemTime);
BOOL FileTimeToLocalFileTime(const FILETIME *lpFileTime, LPFILETIME lpLocalFileTime);
LONG CompareFileTime(const FILETIME *lpFileTime1, const FILETIME *lpFileTime2);

/* MESSAGES */

#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x00000100
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x00000200
#define FORMAT_MESSAGE_FROM_STRING 0x00000400
#define FORMAT_MESSAGE_FROM_HMODULE 0x00000800
#define FORMAT_MESSAGE_FROM_SYSTEM 0x00001000
#define FORMAT_MESSAGE_ARGUMENT_ARRAY 0x00002000
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0x000000FF
#define LANG_NEUTRAL 0x00
#define LANG_ENGLISH 0x09
#define LANG_INVARIANT 0x7f
#define SUBLANG_NEUTRAL 0x00
#define SUBLANG_DEFAULT 0x01
#define SUBLANG_SYS_DEFAULT 0x02
#define SUBLANG_ENGLISH_US 0x01
#define SUBLANG_ENGLISH_UK 0x02
#define MAKELANGID(primary, sub) ((((WORD)(sub)) << 10) | (WORD)(primary))
#define PRIMARYLANGID(language) ((WORD)(language)&0x3ff)
#define SUBLANGID(language) ((WORD)(language) >> 10)
#define LANG_SYSTEM_DEFAULT (MAKELANGID(LANG_NEUTRAL, SUBLANG_SYS_DEFAULT))
#define LANG_USER_DEFAULT (MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT))
#define SEM_FAILCRITICALERRORS 0x0001
#define SEM_NOGPFAULTERRORBOX 0x0002
#define SEM_NOALIGNMENTFAULTEXCEPT 0x0004
#define SEM_NOOPENFILEERRORBOX 0x8000

/*
 * FormatMessage - the text of an error, or a text with %1 ... %99 replaced. With FORMAT_MESSAGE_ALLOCATE_BUFFER
 * lpBuffer is the address of a pointer, and LocalFree frees the text.
 * Returns: the length; 0 on failure.
 * Errors: ERROR_MR_MID_NOT_FOUND for a number without a text; ERROR_INSUFFICIENT_BUFFER; ERROR_INVALID_PARAMETER;
 * ERROR_RESOURCE_TYPE_NOT_FOUND for FORMAT_MESSAGE_FROM_HMODULE, as no module here has messages.
 * Differs: the texts are English and not word for word Microsoft's.
 */
DWORD FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId, LPSTR lpBuffer,
                     DWORD nSize, va_list *Arguments);
DWORD FormatMessageW(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId, LPWSTR lpBuffer,
                     DWORD nSize, va_list *Arguments);
#define FormatMessage COVIEW_NAME(FormatMessage)

/* OutputDebugString - prints the text to standard error. */
void OutputDebugStringA(LPCSTR lpOutputString);
void OutputDebugStringW(LPCWSTR lpOutputString);
#define OutputDebugString COVIEW_NAME(OutputDebugString)

/* DebugBreak - stops in a debugger (SIGTRAP). IsDebuggerPresent - whether one traces the process. */
void DebugBreak(void);
BOOL IsDebuggerPresent(void);

/* SetErrorMode - remembers SEM_* flags, which have no effect as there are no boxes to show. Returns: those before. */
UINT SetErrorMode(UINT uMode);

#define MB_OK 0x00000000
#define MB_OKCANCEL 0x00000001
#define MB_ABORTRETRYIGNORE 0x00000002
#define MB_YESNOCANCEL 0x00000003
#define MB_YESNO 0x00000004
#define MB_RETRYCANCEL 0x00000005
#define MB_CANCELTRYCONTINUE 0x00000006
#define MB_ICONHAND 0x00000010
#define MB_ICONERROR MB_ICONHAND
#define MB_ICONSTOP MB_ICONHAND
#define MB_ICONQUESTION 0x00000020
#define MB_ICONEXCLAMATION 0x00000030
#define MB_ICONWARNING MB_ICONEXCLAMATION
#define MB_ICONASTERISK 0x00000040
#define MB_ICONINFORMATION MB_ICONASTERISK
#define MB_DEFBUTTON1 0x00000000
#define MB_DEFBUTTON2 0x00000100
#define MB_DEFBUTTON3 0x00000200
#define MB_APPLMODAL 0x00000000
#define MB_SYSTEMMODAL 0x00001000
#define MB_TASKMODAL 0x00002000
#define MB_SETFOREGROUND 0x00010000
#define MB_TOPMOST 0x00040000
#define IDOK 1
#define IDCANCEL 2
#define IDABORT 3
#define IDRETRY 4
#define IDIGNORE 5
#define IDYES 6
#define IDNO 7
#define IDTRYAGAIN 10
#define IDCONTINUE 11

/* MessageBox - prints caption and text to standard error. Returns: IDOK. */
int MessageBoxA(HWND hWnd, LPCSTR lpText, LPCSTR lpCaption, UINT uType);
int MessageBoxW(HWND hWnd, LPCWSTR lpText, LPCWSTR lpCaption, UINT uType);
#define MessageBox COVIEW_NAME(MessageBox)

/* THE SYSTEM */

#define MAX_COMPUTERNAME_LENGTH 15
#define UNLEN 256
#define VER_PLATFORM_WIN32s 0
#define VER_PLATFORM_WIN32_WINDOWS 1
#define VER_PLATFORM_WIN32_NT 2
#define VER_NT_WORKSTATION 0x0000001
#define VER_NT_DOMAIN_CONTROLLER 0x0000002
#define VER_NT_SERVER 0x0000003

typedef struct _OSVERSIONINFOA {
    DWORD dwOSVersionInfoSize;
    DWORD dwMajorVersion;
    DWORD dwMinorVersion;
    DWORD dwBuildNumber;
    DWORD dwPlatformId;
    CHAR szCSDVersion[128];
} OSVERSIONINFOA, *POSVERSIONINFOA, *LPOSVERSIONINFOA;

typedef struct _OSVERSIONINFOW {
    DWORD dwOSVersionInfoSize;
    DWORD dwMajorVersion;
    DWORD dwMinorVersion;
    DWORD dwBuildNumber;
    DWORD dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, *LPOSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXA {
    DWORD dwOSVersionInfoSize;
    DWORD dwMajorVersion;
    DWORD dwMinorVersion;
    DWORD dwBuildNumber;
    DWORD dwPlatformId;
    CHAR szCSDVersion[128];
    WORD wServicePackMajor;
    WORD wServicePackMinor;
    WORD wSuiteMask;
    BYTE wProductType;
    BYTE wReserved;
} OSVERSIONINFOEXA, *POSVERSIONINFOEXA, *LPOSVERSIONINFOEXA;

typedef struct _OSVERSIONINFOEXW {
    DWORD dwOSVersionInfoSize;
    DWORD dwMajorVersion;
    DWORD dwMinorVersion;
    DWORD dwBuildNumber;
    DWORD dwPlatformId;
    WCHAR szCSDVersion[128];
    WORD wServicePackMajor;
    WORD wServicePackMinor;
    WORD wSuiteMask;
    BYTE wProductType;
    BYTE wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, *LPOSVERSIONINFOEXW;

#ifdef UNICODE
typedef OSVERSIONINFOW OSVERSIONINFO, *POSVERSIONINFO, *LPOSVERSIONINFO;
typedef OSVERSIONINFOEXW OSVERSIONINFOEX, *POSVERSIONINFOEX, *LPOSVERSIONINFOEX;
#else
typedef OSVERSIONINFOA OSVERSIONINFO, *POSVERSIONINFO, *LPOSVERSIONINFO;
typedef OSVERSIONINFOEXA OSVERSIONINFOEX, *POSVERSIONINFOEX, *LPOSVERSIONINFOEX;
#endif

/*
 * GetVersion, GetVersionEx - the version of Windows whose behaviour this library has: 10.0.
 * Returns (Ex): TRUE; FALSE on failure.
 * Errors: ERROR_INSUFFICIENT_BUFFER for a dwOSVersionInfoSize of neither structure.
 */
DWORD GetVersion(void);
BOOL GetVersionExA(LPOSVERSIONINFOA lpVersionInformation);
BOOL GetVersionExW(LPOSVERSIONINFOW lpVersionInformation);
#define GetVersionEx COVIEW_NAME(GetVersionEx)

/*
 * GetComputerName, GetUserName - the names of machine and user. *nSize is the size before and the length after the
 * call; GetUserName counts the end.
 * Returns: TRUE; FALSE on failure, with the size needed.
 * Errors: ERROR_BUFFER_OVERFLOW for the machine's, ERROR_INSUFFICIENT_BUFFER for the user's.
 */
BOOL GetComputerNameA(LPSTR lpBuffer, LPDWORD nSize);
BOOL GetComputerNameW(LPWSTR lpBuffer, LPDWORD nSize);
BOOL GetUserNameA(LPSTR lpBuffer, LPDWORD pcbBuffer);
BOOL GetUserNameW(LPWSTR lpBuffer, LPDWORD pcbBuffer);
#define GetComputerName COVIEW_NAME(GetComputerName)
#define GetUserName COVIEW_NAME(GetUserName)

/* MulDiv - nNumber * nNumerator / nDenominator, rounded; -1 if that is no int. */
int MulDiv(int nNumber, int nNumerator, int nDenominator);

/*
 * FILES. A path is a path of Linux. Backslashes in it become slashes; `\\?\` and `\\.\` before it are dropped. A drive
 * letter leads nowhere (ERROR_PATH_NOT_FOUND), another machine is not found (ERROR_BAD_NETPATH). NUL is /dev/null; CON,
 * CONIN$ and CONOUT$ are /dev/tty. All else is part of the name, and upper and lower case differ.
 */

#define FILE_READ_DATA 0x0001
#define FILE_LIST_DIRECTORY 0x0001
#define FILE_WRITE_DATA 0x0002
#define FILE_ADD_FILE 0x0002
#define FILE_APPEND_DATA 0x0004
#define FILE_ADD_SUBDIRECTORY 0x0004
#define FILE_CREATE_PIPE_INSTANCE 0x0004
#define FILE_READ_EA 0x0008
#define FILE_WRITE_EA 0x0010
#define FILE_EXECUTE 0x0020
#define FILE_TRAVERSE 0x0020
#define FILE_DELETE_CHILD 0x0040
#define FILE_READ_ATTRIBUTES 0x0080
#define FILE_WRITE_ATTRIBUTES 0x0100
#define FILE_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1FF)
#define FILE_GENERIC_READ (STANDARD_RIGHTS_READ | FILE_READ_DATA | FILE_READ_ATTRIBUTES | FILE_READ_EA | SYNCHRONIZE)
#define FILE_GENERIC_WRITE \
    (STANDARD_RIGHTS_WRITE | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA | FILE_APPEND_DATA | SYNCHRONIZE)
#define FILE_GENERIC_EXECUTE (STANDARD_RIGHTS_EXECUTE | FILE_READ_ATTRIBUTES | FILE_EXECUTE | SYNCHRONIZE)
#define FILE_SHARE_READ 0x00000001
#define FILE_SHARE_WRITE 0x00000002
#define FILE_SHARE_DELETE 0x00000004
#define CREATE_NEW 1
#define CREATE_ALWAYS 2
#define OPEN_EXISTING 3
#define OPEN_ALWAYS 4
#define TRUNCATE_EXISTING 5
#define FILE_ATTRIBUTE_READONLY 0x00000001
#define FILE_ATTRIBUTE_HIDDEN 0x00000002
#define FILE_ATTRIBUTE_SYSTEM 0x00000004
#define FILE_ATTRIBUTE_DIRECTORY 0x00000010
#define FILE_ATTRIBUTE_ARCHIVE 0x00000020
#define FILE_ATTRIBUTE_DEVICE 0x00000040
#define FILE_ATTRIBUTE_NORMAL 0x00000080
#define FILE_ATTRIBUTE_TEMPORARY 0x00000100
#define FILE_ATTRIBUTE_SPARSE_FILE 0x00000200
#define FILE_ATTRIBUTE_REPARSE_POINT 0x00000400
#define FILE_ATTRIBUTE_COMPRESSED 0x00000800
#define FILE_ATTRIBUTE_OFFLINE 0x00001000
#define FILE_ATTRIBUTE_NOT_CONTENT_INDEXED 0x00002000
#define FILE_ATTRIBUTE_ENCRYPTED 0x00004000
#define INVALID_FILE_ATTRIBUTES ((DWORD)-1)
#define FILE_FLAG_WRITE_THROUGH 0x80000000
#define FILE_FLAG_OVERLAPPED 0x40000000
#define FILE_FLAG_NO_BUFFERING 0x20000000
#define FILE_FLAG_RANDOM_ACCESS 0x10000000
#define FILE_FLAG_SEQUENTIAL_SCAN 0x08000000
#define FILE_FLAG_DELETE_ON_CLOSE 0x04000000
#define FILE_FLAG_BACKUP_SEMANTICS 0x02000000
#define FILE_FLAG_POSIX_SEMANTICS 0x01000000
#define FILE_FLAG_OPEN_REPARSE_POINT 0x00200000
#define FILE_FLAG_OPEN_NO_RECALL 0x00100000
#define FILE_FLAG_FIRST_PIPE_INSTANCE 0x00080000
#define FILE_BEGIN 0
#define FILE_CURRENT 1
#define FILE_END 2
#define INVALID_FILE_SIZE ((DWORD)0xFFFFFFFF)
#define INVALID_SET_FILE_POINTER ((DWORD)-1)
#define FILE_TYPE_UNKNOWN 0x0000
#define FILE_TYPE_DISK 0x0001
#define FILE_TYPE_CHAR 0x0002
#define FILE_TYPE_PIPE 0x0003
#define FILE_TYPE_REMOTE 0x8000
#define MOVEFILE_REPLACE_EXISTING 0x00000001
#define MOVEFILE_COPY_ALLOWED 0x00000002
#define MOVEFILE_DELAY_UNTIL_REBOOT 0x00000004
#define MOVEFILE_WRITE_THROUGH 0x00000008
#define LOCKFILE_FAIL_IMMEDIATELY 0x00000001
#define LOCKFILE_EXCLUSIVE_LOCK 0x00000002

typedef enum _GET_FILEEX_INFO_LEVELS { GetFileExInfoStandard, GetFileExMaxInfoLevel } GET_FILEEX_INFO_LEVELS;

typedef struct _WIN32_FILE_ATTRIBUTE_DATA {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
} WIN32_FILE_ATTRIBUTE_DATA, *LPWIN32_FILE_ATTRIBUTE_DATA;

typedef struct _BY_HANDLE_FILE_INFORMATION {
    DWORD dwFileAttributes;
    FILETIME ftCreationTime;
    FILETIME ftLastAccessTime;
    FILETIME ftLastWriteTime;
    DWORD dwVolumeSerialNumber;
    DWORD nFileSizeHigh;
    DWORD nFileSizeLow;
    DWORD nNumberOfLinks;
    DWORD nFileIndexHigh;
    DWORD nFileIndexLow;
} BY_HANDLE_FILE_INFORMATION, *PBY_HANDLE_FILE_INFORMATION, *LPBY_HANDLE_FILE_INFORMATION;

/*
 * CreateFile - opens or makes a file. CREATE_ALWAYS and OPEN_ALWAYS set last error to ERROR_ALREADY_EXISTS if it was
 * there, else to 0.
 * Returns: a handle; INVALID_HANDLE_VALUE on failure.
 * Errors: ERROR_FILE_NOT_FOUND; ERROR_PATH_NOT_FOUND; ERROR_FILE_EXISTS under CREATE_NEW; ERROR_ACCESS_DENIED, also for
 * a directory without FILE_FLAG_BACKUP_SEMANTICS; ERROR_SHARING_VIOLATION; ERROR_INVALID_PARAMETER.
 * Differs: share modes hold between all programs of this library, and not for others. FILE_FLAG_OVERLAPPED is accepted,
 * and every read and write is complete when it returns.
 */
HANDLE CreateFileA(LPCSTR lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode,
                   LPSECURITY_ATTRIBUTES lpSecurityAttributes, DWORD dwCreationDisposition, DWORD dwFlagsAndAttributes,
                   HANDLE hTemplateFile);
HANDLE CreateFileW(LPCWSTR lpFileName, DWORD dwDesiredAccess, DWORD dwShareMode,
                   LPSECURITY_ATTRIBUTES lpSecurityAttributes, DWORD dwCreationDisposition, DWORD dwFlagsAndAttributes,
                   HANDLE hTemplateFile);
#define CreateFile COVIEW_NAME(CreateFile)

/*
 * ReadFile, WriteFile - reads or writes at the file's position, or at the one in lpOverlapped.
 * Needs: FILE_READ_DATA; FILE_WRITE_DATA or FILE_APPEND_DATA.
 * Returns: TRUE, with a count of 0 at the end of a file; FALSE on failure.
 * Errors: ERROR_BROKEN_PIPE for a pipe whose other end is closed (ERROR_NO_DATA when it is written); ERROR_HANDLE_EOF
 * at the end with lpOverlapped; ERROR_DISK_FULL; ERROR_NOACCESS for a buffer that cannot be written to,
 * ERROR_INVALID_USER_BUFFER for one that cannot be read from in all its length; ERROR_LOCK_VIOLATION.
 */
BOOL ReadFile(HANDLE hFile, LPVOID lpBuffer, DWORD nNumberOfBytesToRead, LPDWORD lpNumberOfBytesRead,
              LPOVERLAPPED lpOverlapped);
BOOL WriteFile(HANDLE hFile, LPCVOID lpBuffer, DWORD nNumberOfBytesToWrite, LPDWORD lpNumberOfBytesWritten,
               LPOVERLAPPED lpOverlapped);

/*
 * SetFilePointer, SetFilePointerEx - moves the position. SetEndOfFile - cuts or extends the file to it.
 * Returns: the low half of the position, INVALID_SET_FILE_POINTER and a last error on failure; TRUE, FALSE on failure.
 * Errors: ERROR_NEGATIVE_SEEK; ERROR_INVALID_PARAMETER; ERROR_USER_MAPPED_FILE for cutting what a section shows.
 */
DWORD SetFilePointer(HANDLE hFile, LONG lDistanceToMove, PLONG lpDistanceToMoveHigh, DWORD dwMoveMethod);
BOOL SetFilePointerEx(HANDLE hFile, LARGE_INTEGER liDistanceToMove, PLARGE_INTEGER lpNewFilePointer,
                      DWORD dwMoveMethod);
BOOL SetEndOfFile(HANDLE hFile);

/*
 * GetFileSize, GetFileSizeEx - the size in bytes. GetFileType - one of FILE_TYPE_*.
 * Returns: the low half, INVALID_FILE_SIZE and a last error on failure; TRUE, FALSE on failure.
 */
DWORD GetFileSize(HANDLE hFile, LPDWORD lpFileSizeHigh);
BOOL GetFileSizeEx(HANDLE hFile, PLARGE_INTEGER lpFileSize);
DWORD GetFileType(HANDLE hFile);

/*
 * GetFileAttributes, GetFileAttributesEx - what kind of file a path is; FILE_ATTRIBUTE_READONLY if nobody may write it.
 * SetFileAttributes - sets or clears FILE_ATTRIBUTE_READONLY; other attributes are not kept.
 * Returns: the attributes, INVALID_FILE_ATTRIBUTES on failure; TRUE, FALSE on failure.
 * Errors: ERROR_FILE_NOT_FOUND; ERROR_PATH_NOT_FOUND; ERROR_ACCESS_DENIED.
 */
DWORD GetFileAttributesA(LPCSTR lpFileName);
DWORD GetFileAttributesW(LPCWSTR lpFileName);
BOOL SetFileAttributesA(LPCSTR lpFileName, DWORD dwFileAttributes);
BOOL SetFileAttributesW(LPCWSTR lpFileName, DWORD dwFileAttributes);
BOOL GetFileAttributesExA(LPCSTR lpFileName, GET_FILEEX_INFO_LEVELS fInfoLevelId, LPVOID lpFileInformation);
BOOL GetFileAttributesExW(LPCWSTR lpFileName, GET_FILEEX_INFO_LEVELS fInfoLevelId, LPVOID lpFileInformation);
#define GetFileAttributes COVIEW_NAME(GetFileAttributes)
#define SetFileAttributes COVIEW_NAME(SetFileAttributes)
#define GetFileAttributesEx COVIEW_NAME(GetFileAttributesEx)

/* GetFileInformationByHandle - size, times, links and identity of an open file. Returns: TRUE; FALSE on failure. */
BOOL GetFileInformationByHandle(HANDLE hFile, LPBY_HANDLE_FILE_INFORMATION lpFileInformation);

/* FlushFileBuffers - has the system write all that was written. Needs: FILE_WRITE_DATA. Returns: TRUE; FALSE on
   failure. */
BOOL FlushFileBuffers(HANDLE hFile);

/*
 * DeleteFile - removes a file. MoveFile, MoveFileEx - renames one, over another if MOVEFILE_REPLACE_EXISTING says so.
 * CopyFile - copies one.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_FILE_NOT_FOUND; ERROR_PATH_NOT_FOUND; ERROR_ACCESS_DENIED; ERROR_ALREADY_EXISTS (MoveFile);
 * ERROR_FILE_EXISTS (CopyFile with bFailIfExists); ERROR_NOT_SAME_DEVICE without MOVEFILE_COPY_ALLOWED.
 * A file that others have open with FILE_SHARE_DELETE vanishes from its folder at once and lives on for them; without
 * that share mode the call fails with ERROR_SHARING_VIOLATION.
 */
BOOL DeleteFileA(LPCSTR lpFileName);
BOOL DeleteFileW(LPCWSTR lpFileName);
BOOL MoveFileA(LPCSTR lpExistingFileName, LPCSTR lpNewFileName);
BOOL MoveFileW(LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName);
BOOL MoveFileExA(LPCSTR lpExistingFileName, LPCSTR lpNewFileName, DWORD dwFlags);
BOOL MoveFileExW(LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName, DWORD dwFlags);
BOOL CopyFileA(LPCSTR lpExistingFileName, LPCSTR lpNewFileName, BOOL bFailIfExists);
BOOL CopyFileW(LPCWSTR lpExistingFileName, LPCWSTR lpNewFileName, BOOL bFailIfExists);
#define DeleteFile COVIEW_NAME(DeleteFile)
#define MoveFile COVIEW_NAME(MoveFile)
#define MoveFileEx COVIEW_NAME(MoveFileEx)
#define CopyFile COVIEW_NAME(CopyFile)

/*
 * CreateDirectory, RemoveDirectory - makes a directory; removes an empty one.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_ALREADY_EXISTS; ERROR_PATH_NOT_FOUND; ERROR_FILE_NOT_FOUND; ERROR_DIR_NOT_EMPTY; ERROR_DIRECTORY;
 * ERROR_ACCESS_DENIED.
 */
BOOL CreateDirectoryA(LPCSTR lpPathName, LPSECURITY_ATTRIBUTES lpSecurityAttributes);
BOOL CreateDirectoryW(LPCWSTR lpPathName, LPSECURITY_ATTRIBUTES lpSecurityAttributes);
BOOL RemoveDirectoryA(LPCSTR lpPathName);
BOOL RemoveDirectoryW(LPCWSTR lpPathName);
#define CreateDirectory COVIEW_NAME(CreateDirectory)
#define RemoveDirectory COVIEW_NAME(RemoveDirectory)

/*
 * GetFullPathName - the path from the root, without "." and ".."; lpFilePart gets its last part. Nothing is looked up.
 * GetTempPath - the directory for temporary files (TMP, TEMP, TMPDIR, /tmp), with a slash at its end.
 * Returns: as GetCurrentDirectory.
 */
DWORD GetFullPathNameA(LPCSTR lpFileName, DWORD nBufferLength, LPSTR lpBuffer, LPSTR *lpFilePart);
DWORD GetFullPathNameW(LPCWSTR lpFileName, DWORD nBufferLength, LPWSTR lpBuffer, LPWSTR *lpFilePart);
DWORD GetTempPathA(DWORD nBufferLength, LPSTR lpBuffer);
DWORD GetTempPathW(DWORD nBufferLength, LPWSTR lpBuffer);
#define GetFullPathName COVIEW_NAME(GetFullPathName)
#define GetTempPath COVIEW_NAME(GetTempPath)

/*
 * GetTempFileName - directory/PREFIX + number + .tmp, of MAX_PATH characters at most. With uUnique 0 the number is new,
 * and an empty file is made.
 * Returns: the number; 0 on failure.
 * Errors: ERROR_DIRECTORY for a path that is none; ERROR_ACCESS_DENIED; ERROR_BUFFER_OVERFLOW.
 */
UINT GetTempFileNameA(LPCSTR lpPathName, LPCSTR lpPrefixString, UINT uUnique, LPSTR lpTempFileName);
UINT GetTempFileNameW(LPCWSTR lpPathName, LPCWSTR lpPrefixString, UINT uUnique, LPWSTR lpTempFileName);
#define GetTempFileName COVIEW_NAME(GetTempFileName)

/*
 * GetDiskFreeSpace, GetDiskFreeSpaceEx - the room where a directory is (NULL: the current one), in clusters, and in
 * bytes: what the caller may use, all there is, what is free for the administrator. Any pointer may be NULL.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_FILE_NOT_FOUND; ERROR_PATH_NOT_FOUND; ERROR_ACCESS_DENIED.
 */
BOOL GetDiskFreeSpaceA(LPCSTR lpRootPathName, LPDWORD lpSectorsPerCluster, LPDWORD lpBytesPerSector,
                       LPDWORD lpNumberOfFreeClusters, LPDWORD lpTotalNumberOfClusters);
BOOL GetDiskFreeSpaceW(LPCWSTR lpRootPathName, LPDWORD lpSectorsPerCluster, LPDWORD lpBytesPerSector,
                       LPDWORD lpNumberOfFreeClusters, LPDWORD lpTotalNumberOfClusters);
BOOL GetDiskFreeSpaceExA(LPCSTR lpDirectoryName, PULARGE_INTEGER lpFreeBytesAvailableToCaller,
                         PULARGE_INTEGER lpTotalNumberOfBytes, PULARGE_INTEGER lpTotalNumberOfFreeBytes);
BOOL GetDiskFreeSpaceExW(LPCWSTR lpDirectoryName, PULARGE_INTEGER lpFreeBytesAvailableToCaller,
                         PULARGE_INTEGER lpTotalNumberOfBytes, PULARGE_INTEGER lpTotalNumberOfFreeBytes);
#define GetDiskFreeSpace COVIEW_NAME(GetDiskFreeSpace)
#define GetDiskFreeSpaceEx COVIEW_NAME(GetDiskFreeSpaceEx)

/* AreFileApisANSI - TRUE: the ...A functions take paths in the "ANSI" code page. */
BOOL AreFileApisANSI(void);

/*
 * LockFile, UnlockFile - locks a range of bytes for this handle alone, without waiting, and frees the same range.
 * LockFileEx, UnlockFileEx - the same from the offset in lpOverlapped on; for all who share unless
 * LOCKFILE_EXCLUSIVE_LOCK is given, and waiting unless LOCKFILE_FAIL_IMMEDIATELY is, also with FILE_FLAG_OVERLAPPED.
 * A shared lock may lie over this handle's other locks; of two on one range the exclusive one is freed first.
 * Needs: FILE_READ_DATA or FILE_WRITE_DATA; to wait for an exclusive lock, permission to write the file.
 * Returns: TRUE; FALSE on failure.
 * Errors: ERROR_LOCK_VIOLATION; ERROR_NOT_LOCKED; ERROR_INVALID_PARAMETER.
 * Differs: a lock keeps away those who lock, and not ReadFile, WriteFile and views.
 */
BOOL LockFile(HANDLE hFile, DWORD dwFileOffsetLow, DWORD dwFileOffsetHigh, DWORD nNumberOfBytesToLockLow,
              DWORD nNumberOfBytesToLockHigh);
BOOL UnlockFile(HANDLE hFile, DWORD dwFileOffsetLow, DWORD dwFileOffsetHigh, DWORD nNumberOfBytesToUnlockLow,
                DWORD nNumberOfBytesToUnlockHigh);
BOOL LockFileEx(HANDLE hFile, DWORD dwFlags, DWORD dwReserved, DWORD nNumberOfBytesToLockLow,
                DWORD nNumberOfBytesToLockHigh, LPOVERLAPPED lpOverlapped);
BOOL UnlockFileEx(HANDLE hFile, DWORD dwReserved, DWORD nNumberOfBytesToUnlockLow, DWORD nNumberOfBytesToUnlockHigh,
                  LPOVERLAPPED lpOverlapped);

/* INTERLOCKED OPERATIONS. Each is one atomic step with a full barrier, and serves shared memory between processes too.
   The names with Acquire, Release and NoFence mean the same functions. */

/* InterlockedIncrement, InterlockedDecrement - adds or takes away one. Returns: the value after. */
static __inline__ SHORT InterlockedIncrement16(SHORT volatile *Addend)
{
    return __atomic_add_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

static __inline__ SHORT InterlockedDecrement16(SHORT volatile *Addend)
{
    return __atomic_sub_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

static __inline__ LONG InterlockedIncrement(LONG volatile *Addend)
{
    return __atomic_add_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

static __inline__ LONG InterlockedDecrement(LONG volatile *Addend)
{
    return __atomic_sub_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedIncrement64(LONG64 volatile *Addend)
{
    return __atomic_add_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedDecrement64(LONG64 volatile *Addend)
{
    return __atomic_sub_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

/* InterlockedAdd - adds. Returns: the value after. */
static __inline__ LONG InterlockedAdd(LONG volatile *Addend, LONG Value)
{
    return __atomic_add_fetch(Addend, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedAdd64(LONG64 volatile *Addend, LONG64 Value)
{
    return __atomic_add_fetch(Addend, Value, __ATOMIC_SEQ_CST);
}

/* InterlockedExchange - stores. Returns: the value before. */
static __inline__ CHAR InterlockedExchange8(CHAR volatile *Target, CHAR Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

static __inline__ SHORT InterlockedExchange16(SHORT volatile *Target, SHORT Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG InterlockedExchange(LONG volatile *Target, LONG Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedExchange64(LONG64 volatile *Target, LONG64 Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

static __inline__ PVOID InterlockedExchangePointer(PVOID volatile *Target, PVOID Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

/* InterlockedExchangeAdd, InterlockedExchangeSubtract - adds or takes away. Returns: the value before. */
static __inline__ CHAR InterlockedExchangeAdd8(CHAR volatile *Addend, CHAR Value)
{
    return __atomic_fetch_add(Addend, Value, __ATOMIC_SEQ_CST);
}

static __inline__ SHORT InterlockedExchangeAdd16(SHORT volatile *Addend, SHORT Value)
{
    return __atomic_fetch_add(Addend, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG InterlockedExchangeAdd(LONG volatile *Addend, LONG Value)
{
    return __atomic_fetch_add(Addend, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedExchangeAdd64(LONG64 volatile *Addend, LONG64 Value)
{
    return __atomic_fetch_add(Addend, Value, __ATOMIC_SEQ_CST);
}

static __inline__ ULONG InterlockedExchangeSubtract(ULONG volatile *Addend, ULONG Value)
{
    return __atomic_fetch_sub(Addend, Value, __ATOMIC_SEQ_CST);
}

/* InterlockedCompareExchange - stores Exchange if the value is Comperand. Returns: the value before. */
static __inline__ CHAR InterlockedCompareExchange8(CHAR volatile *Destination, CHAR Exchange, CHAR Comperand)
{
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comperand;
}

static __inline__ SHORT InterlockedCompareExchange16(SHORT volatile *Destination, SHORT Exchange, SHORT Comperand)
{
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comperand;
}

static __inline__ LONG InterlockedCompareExchange(LONG volatile *Destination, LONG Exchange, LONG Comperand)
{
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comperand;
}

static __inline__ LONG64 InterlockedCompareExchange64(LONG64 volatile *Destination, LONG64 Exchange, LONG64 Comperand)
{
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comperand;
}

static __inline__ PVOID InterlockedCompareExchangePointer(PVOID volatile *Destination, PVOID Exchange, PVOID Comperand)
{
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comperand;
}

/* InterlockedAnd, InterlockedOr, InterlockedXor. Returns: the value before. */
static __inline__ CHAR InterlockedAnd8(CHAR volatile *Destination, CHAR Value)
{
    return __atomic_fetch_and(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ SHORT InterlockedAnd16(SHORT volatile *Destination, SHORT Value)
{
    return __atomic_fetch_and(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG InterlockedAnd(LONG volatile *Destination, LONG Value)
{
    return __atomic_fetch_and(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedAnd64(LONG64 volatile *Destination, LONG64 Value)
{
    return __atomic_fetch_and(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ CHAR InterlockedOr8(CHAR volatile *Destination, CHAR Value)
{
    return __atomic_fetch_or(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ SHORT InterlockedOr16(SHORT volatile *Destination, SHORT Value)
{
    return __atomic_fetch_or(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG InterlockedOr(LONG volatile *Destination, LONG Value)
{
    return __atomic_fetch_or(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedOr64(LONG64 volatile *Destination, LONG64 Value)
{
    return __atomic_fetch_or(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ CHAR InterlockedXor8(CHAR volatile *Destination, CHAR Value)
{
    return __atomic_fetch_xor(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ SHORT InterlockedXor16(SHORT volatile *Destination, SHORT Value)
{
    return __atomic_fetch_xor(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG InterlockedXor(LONG volatile *Destination, LONG Value)
{
    return __atomic_fetch_xor(Destination, Value, __ATOMIC_SEQ_CST);
}

static __inline__ LONG64 InterlockedXor64(LONG64 volatile *Destination, LONG64 Value)
{
    return __atomic_fetch_xor(Destination, Value, __ATOMIC_SEQ_CST);
}

/* InterlockedBitTestAndSet, ...AndReset, ...AndComplement - changes one bit. Returns: the bit before. */
static __inline__ BOOLEAN InterlockedBitTestAndSet(LONG volatile *Base, LONG Bit)
{
    return (__atomic_fetch_or(Base, (LONG)((ULONG)1 << (Bit & 31)), __ATOMIC_SEQ_CST) >> (Bit & 31)) & 1;
}

static __inline__ BOOLEAN InterlockedBitTestAndReset(LONG volatile *Base, LONG Bit)
{
    return (__atomic_fetch_and(Base, ~(LONG)((ULONG)1 << (Bit & 31)), __ATOMIC_SEQ_CST) >> (Bit & 31)) & 1;
}

static __inline__ BOOLEAN InterlockedBitTestAndComplement(LONG volatile *Base, LONG Bit)
{
    return (__atomic_fetch_xor(Base, (LONG)((ULONG)1 << (Bit & 31)), __ATOMIC_SEQ_CST) >> (Bit & 31)) & 1;
}

static __inline__ BOOLEAN InterlockedBitTestAndSet64(LONG64 volatile *Base, LONG64 Bit)
{
    return (__atomic_fetch_or(Base, (LONG64)((ULONG64)1 << (Bit & 63)), __ATOMIC_SEQ_CST) >> (Bit & 63)) & 1;
}

static __inline__ BOOLEAN InterlockedBitTestAndReset64(LONG64 volatile *Base, LONG64 Bit)
{
    return (__atomic_fetch_and(Base, ~(LONG64)((ULONG64)1 << (Bit & 63)), __ATOMIC_SEQ_CST) >> (Bit & 63)) & 1;
}

/*
 * InterlockedCompareExchange128 - stores 16 bytes, aligned to 16, if they are those at ComparandResult, where the bytes
 * before are put. Returns: 1 if it stored.
 */
static __inline__ BOOLEAN InterlockedCompareExchange128(LONG64 volatile *Destination, LONG64 ExchangeHigh,
                                                        LONG64 ExchangeLow, LONG64 *ComparandResult)
{
#ifdef __x86_64__
    BOOLEAN stored;
    __asm__ __volatile__("lock cmpxchg16b %1\n\tsete %0"
                         : "=q"(stored), "+m"(*(LONG64 volatile(*)[2])Destination), "+a"(ComparandResult[0]),
                           "+d"(ComparandResult[1])
                         : "b"(ExchangeLow), "c"(ExchangeHigh)
                         : "cc", "memory");
    return stored;
#else
    __extension__ typedef unsigned __int128 coview_pair;
    coview_pair exchange = ((coview_pair)(ULONG64)ExchangeHigh << 64) | (ULONG64)ExchangeLow;
    coview_pair comparand = ((coview_pair)(ULONG64)ComparandResult[1] << 64) | (ULONG64)ComparandResult[0];
    BOOLEAN stored = __atomic_compare_exchange_n((coview_pair volatile *)Destination, &comparand, exchange, 0,
                                                 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    ComparandResult[0] = (LONG64)comparand;
    ComparandResult[1] = (LONG64)(comparand >> 64);
    return stored;
#endif
}

typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
    struct _SLIST_ENTRY *Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
    __extension__ struct {
        ULONGLONG Alignment;
        ULONGLONG Region;
    };
    struct {
        ULONGLONG Depth : 16;
        ULONGLONG Sequence : 48;
        ULONGLONG Reserved : 4;
        ULONGLONG NextEntry : 60;
    } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

/*
 * InitializeSListHead - makes an empty list; so does zeroed memory. Entries are at multiples of 16.
 * InterlockedPushEntrySList, InterlockedPushListSListEx - puts an entry, or a chain of them, on top.
 * InterlockedPopEntrySList - takes the entry on top away. InterlockedFlushSList - takes all away, which stay linked.
 * Returns: the entry that was on top before; NULL if there was none.
 * QueryDepthSList - the number of entries, modulo 65536.
 */
VOID InitializeSListHead(PSLIST_HEADER ListHead);
PSLIST_ENTRY InterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry);
PSLIST_ENTRY InterlockedPushListSListEx(PSLIST_HEADER ListHead, PSLIST_ENTRY List, PSLIST_ENTRY ListEnd, ULONG Count);
PSLIST_ENTRY InterlockedPopEntrySList(PSLIST_HEADER ListHead);
PSLIST_ENTRY InterlockedFlushSList(PSLIST_HEADER ListHead);
USHORT QueryDepthSList(PSLIST_HEADER ListHead);

/* MemoryBarrier - no access moves across it. YieldProcessor - tells the processor that this is a loop that waits. */
static __inline__ void MemoryBarrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static __inline__ void YieldProcessor(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield" ::: "memory");
#endif
}

static __inline__ void _ReadWriteBarrier(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

#define _ReadBarrier _ReadWriteBarrier
#define _WriteBarrier _ReadWriteBarrier

/* ReadAcquire and its like - one load or store with that order. */
static __inline__ LONG ReadAcquire(LONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

static __inline__ LONG ReadNoFence(LONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}

static __inline__ LONG ReadRaw(LONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}

static __inline__ void WriteRelease(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

static __inline__ void WriteNoFence(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

static __inline__ void WriteRaw(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

static __inline__ LONG64 ReadAcquire64(LONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

static __inline__ LONG64 ReadNoFence64(LONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}

static __inline__ LONG64 ReadRaw64(LONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}

static __inline__ void WriteRelease64(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

static __inline__ void WriteNoFence64(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

static __inline__ void WriteRaw64(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

static __inline__ PVOID ReadPointerAcquire(PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}

static __inline__ PVOID ReadPointerNoFence(PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}

static __inline__ PVOID ReadPointerRaw(PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}

static __inline__ void WritePointerRelease(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

static __inline__ void WritePointerNoFence(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

static __inline__ void WritePointerRaw(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

#ifdef __cplusplus
} /* extern "C" */

/*
 * In C++ the 32-bit operations take `unsigned int` too, as on Windows, and `long` and `unsigned long`: source written
 * for Windows says `long` where it means LONG, and such a variable is counted correctly in its own 64 bits. The 64-bit
 * ones take `long` (int64_t) and the unsigned types. In C (from C11 on) macros of the same names do it below.
 */
extern "C++" {
template <typename Word> struct CoviewWord {};
template <> struct CoviewWord<unsigned int> { typedef unsigned int Type; };
template <> struct CoviewWord<long> { typedef long Type; };
template <> struct CoviewWord<unsigned long> { typedef unsigned long Type; };
template <typename Word> struct CoviewWord64 {};
template <> struct CoviewWord64<unsigned long long> { typedef unsigned long long Type; };
template <> struct CoviewWord64<long> { typedef long Type; };
template <> struct CoviewWord64<unsigned long> { typedef unsigned long Type; };
template <typename Word> using CoviewValue = typename CoviewWord<Word>::Type;
template <typename Word> using CoviewValue64 = typename CoviewWord64<Word>::Type;

template <typename Word>
inline CoviewValue<Word> InterlockedIncrement(Word volatile *Addend)
{
    return __atomic_add_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedDecrement(Word volatile *Addend)
{
    return __atomic_sub_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedAdd(Word volatile *Target, CoviewValue<Word> Value)
{
    return __atomic_add_fetch(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedExchange(Word volatile *Target, CoviewValue<Word> Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedExchangeAdd(Word volatile *Target, CoviewValue<Word> Value)
{
    return __atomic_fetch_add(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedAnd(Word volatile *Target, CoviewValue<Word> Value)
{
    return __atomic_fetch_and(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedOr(Word volatile *Target, CoviewValue<Word> Value)
{
    return __atomic_fetch_or(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedXor(Word volatile *Target, CoviewValue<Word> Value)
{
    return __atomic_fetch_xor(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue<Word> InterlockedCompareExchange(Word volatile *Destination, CoviewValue<Word> Exchange,
                                                    CoviewValue<Word> Comperand)
{
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comperand;
}

template <typename Word>
inline CoviewValue64<Word> InterlockedIncrement64(Word volatile *Addend)
{
    return __atomic_add_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedDecrement64(Word volatile *Addend)
{
    return __atomic_sub_fetch(Addend, 1, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedAdd64(Word volatile *Target, CoviewValue64<Word> Value)
{
    return __atomic_add_fetch(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedExchange64(Word volatile *Target, CoviewValue64<Word> Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedExchangeAdd64(Word volatile *Target, CoviewValue64<Word> Value)
{
    return __atomic_fetch_add(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedAnd64(Word volatile *Target, CoviewValue64<Word> Value)
{
    return __atomic_fetch_and(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedOr64(Word volatile *Target, CoviewValue64<Word> Value)
{
    return __atomic_fetch_or(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedXor64(Word volatile *Target, CoviewValue64<Word> Value)
{
    return __atomic_fetch_xor(Target, Value, __ATOMIC_SEQ_CST);
}

template <typename Word>
inline CoviewValue64<Word> InterlockedCompareExchange64(Word volatile *Destination, CoviewValue64<Word> Exchange,
                                                        CoviewValue64<Word> Comperand)
{
    __atomic_compare_exchange_n(Destination, &Comperand, Exchange, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comperand;
}

} /* extern "C++" */

extern "C" {
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
/*
 * The same for C: a `long` is counted in its own 64 bits; everything else goes to the functions above. In C99 the
 * compiler warns about a `long *` instead.
 */
static __inline__ long coview_increment_long(void volatile *target)
{
    return __atomic_add_fetch((long volatile *)target, 1, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_decrement_long(void volatile *target)
{
    return __atomic_sub_fetch((long volatile *)target, 1, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_add_long(void volatile *target, long value)
{
    return __atomic_add_fetch((long volatile *)target, value, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_exchange_long(void volatile *target, long value)
{
    return __atomic_exchange_n((long volatile *)target, value, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_exchange_add_long(void volatile *target, long value)
{
    return __atomic_fetch_add((long volatile *)target, value, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_and_long(void volatile *target, long value)
{
    return __atomic_fetch_and((long volatile *)target, value, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_or_long(void volatile *target, long value)
{
    return __atomic_fetch_or((long volatile *)target, value, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_xor_long(void volatile *target, long value)
{
    return __atomic_fetch_xor((long volatile *)target, value, __ATOMIC_SEQ_CST);
}

static __inline__ long coview_compare_exchange_long(void volatile *target, long exchange, long comparand)
{
    __atomic_compare_exchange_n((long volatile *)target, &comparand, exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}

/* The function for what `target` points to: `wide` for the kinds of long, else `usual`. */
#define COVIEW_BY_WIDTH(target, wide, usual) \
    __extension__ _Generic((target), long *: wide, long volatile *: wide, unsigned long *: wide, \
                           unsigned long volatile *: wide, default: usual)
#define InterlockedIncrement(target) \
    COVIEW_BY_WIDTH(target, coview_increment_long, InterlockedIncrement)(target)
#define InterlockedDecrement(target) \
    COVIEW_BY_WIDTH(target, coview_decrement_long, InterlockedDecrement)(target)
#define InterlockedAdd(target, value) \
    COVIEW_BY_WIDTH(target, coview_add_long, InterlockedAdd)(target, value)
#define InterlockedExchange(target, value) \
    COVIEW_BY_WIDTH(target, coview_exchange_long, InterlockedExchange)(target, value)
#define InterlockedExchangeAdd(target, value) \
    COVIEW_BY_WIDTH(target, coview_exchange_add_long, InterlockedExchangeAdd)(target, value)
#define InterlockedAnd(target, value) \
    COVIEW_BY_WIDTH(target, coview_and_long, InterlockedAnd)(target, value)
#define InterlockedOr(target, value) \
    COVIEW_BY_WIDTH(target, coview_or_long, InterlockedOr)(target, value)
#define InterlockedXor(target, value) \
    COVIEW_BY_WIDTH(target, coview_xor_long, InterlockedXor)(target, value)
#define InterlockedCompareExchange(target, exchange, comparand) \
    COVIEW_BY_WIDTH(target, coview_compare_exchange_long, InterlockedCompareExchange)(target, exchange, comparand)
#define InterlockedIncrement64(target) \
    COVIEW_BY_WIDTH(target, coview_increment_long, InterlockedIncrement64)(target)
#define InterlockedDecrement64(target) \
    COVIEW_BY_WIDTH(target, coview_decrement_long, InterlockedDecrement64)(target)
#define InterlockedAdd64(target, value) \
    COVIEW_BY_WIDTH(target, coview_add_long, InterlockedAdd64)(target, value)
#define InterlockedExchange64(target, value) \
    COVIEW_BY_WIDTH(target, coview_exchange_long, InterlockedExchange64)(target, value)
#define InterlockedExchangeAdd64(target, value) \
    COVIEW_BY_WIDTH(target, coview_exchange_add_long, InterlockedExchangeAdd64)(target, value)
#define InterlockedAnd64(target, value) \
    COVIEW_BY_WIDTH(target, coview_and_long, InterlockedAnd64)(target, value)
#define InterlockedOr64(target, value) \
    COVIEW_BY_WIDTH(target, coview_or_long, InterlockedOr64)(target, value)
#define InterlockedXor64(target, value) \
    COVIEW_BY_WIDTH(target, coview_xor_long, InterlockedXor64)(target, value)
#define InterlockedCompareExchange64(target, exchange, comparand) \
    COVIEW_BY_WIDTH(target, coview_compare_exchange_long, InterlockedCompareExchange64)(target, exchange, comparand)
#endif

#define InterlockedIncrement16Acquire InterlockedIncrement16
#define InterlockedIncrementAcquire16 InterlockedIncrement16
#define InterlockedIncrement16Release InterlockedIncrement16
#define InterlockedIncrementRelease16 InterlockedIncrement16
#define InterlockedIncrement16NoFence InterlockedIncrement16
#define InterlockedIncrementNoFence16 InterlockedIncrement16
#define InterlockedIncrementAcquire InterlockedIncrement
#define InterlockedIncrementRelease InterlockedIncrement
#define InterlockedIncrementNoFence InterlockedIncrement
#define InterlockedIncrement64Acquire InterlockedIncrement64
#define InterlockedIncrementAcquire64 InterlockedIncrement64
#define InterlockedIncrement64Release InterlockedIncrement64
#define InterlockedIncrementRelease64 InterlockedIncrement64
#define InterlockedIncrement64NoFence InterlockedIncrement64
#define InterlockedIncrementNoFence64 InterlockedIncrement64
#define InterlockedDecrement16Acquire InterlockedDecrement16
#define InterlockedDecrementAcquire16 InterlockedDecrement16
#define InterlockedDecrement16Release InterlockedDecrement16
#define InterlockedDecrementRelease16 InterlockedDecrement16
#define InterlockedDecrement16NoFence InterlockedDecrement16
#define InterlockedDecrementNoFence16 InterlockedDecrement16
#define InterlockedDecrementAcquire InterlockedDecrement
#define InterlockedDecrementRelease InterlockedDecrement
#define InterlockedDecrementNoFence InterlockedDecrement
#define InterlockedDecrement64Acquire InterlockedDecrement64
#define InterlockedDecrementAcquire64 InterlockedDecrement64
#define InterlockedDecrement64Release InterlockedDecrement64
#define InterlockedDecrementRelease64 InterlockedDecrement64
#define InterlockedDecrement64NoFence InterlockedDecrement64
#define InterlockedDecrementNoFence64 InterlockedDecrement64
#define InterlockedAddAcquire InterlockedAdd
#define InterlockedAddRelease InterlockedAdd
#define InterlockedAddNoFence InterlockedAdd
#define InterlockedAdd64Acquire InterlockedAdd64
#define InterlockedAddAcquire64 InterlockedAdd64
#define InterlockedAdd64Release InterlockedAdd64
#define InterlockedAddRelease64 InterlockedAdd64
#define InterlockedAdd64NoFence InterlockedAdd64
#define InterlockedAddNoFence64 InterlockedAdd64
#define InterlockedExchange8Acquire InterlockedExchange8
#define InterlockedExchange8Release InterlockedExchange8
#define InterlockedExchange8NoFence InterlockedExchange8
#define InterlockedExchange16Acquire InterlockedExchange16
#define InterlockedExchangeAcquire16 InterlockedExchange16
#define InterlockedExchange16Release InterlockedExchange16
#define InterlockedExchangeRelease16 InterlockedExchange16
#define InterlockedExchange16NoFence InterlockedExchange16
#define InterlockedExchangeNoFence16 InterlockedExchange16
#define InterlockedExchangeAcquire InterlockedExchange
#define InterlockedExchangeRelease InterlockedExchange
#define InterlockedExchangeNoFence InterlockedExchange
#define InterlockedExchange64Acquire InterlockedExchange64
#define InterlockedExchangeAcquire64 InterlockedExchange64
#define InterlockedExchange64Release InterlockedExchange64
#define InterlockedExchangeRelease64 InterlockedExchange64
#define InterlockedExchange64NoFence InterlockedExchange64
#define InterlockedExchangeNoFence64 InterlockedExchange64
#define InterlockedExchangePointerAcquire InterlockedExchangePointer
#define InterlockedExchangePointerRelease InterlockedExchangePointer
#define InterlockedExchangePointerNoFence InterlockedExchangePointer
#define InterlockedExchangeAdd8Acquire InterlockedExchangeAdd8
#define InterlockedExchangeAdd8Release InterlockedExchangeAdd8
#define InterlockedExchangeAdd8NoFence InterlockedExchangeAdd8
#define InterlockedExchangeAddAcquire InterlockedExchangeAdd
#define InterlockedExchangeAddRelease InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence InterlockedExchangeAdd
#define InterlockedExchangeAdd64Acquire InterlockedExchangeAdd64
#define InterlockedExchangeAddAcquire64 InterlockedExchangeAdd64
#define InterlockedExchangeAdd64Release InterlockedExchangeAdd64
#define InterlockedExchangeAddRelease64 InterlockedExchangeAdd64
#define InterlockedExchangeAdd64NoFence InterlockedExchangeAdd64
#define InterlockedExchangeAddNoFence64 InterlockedExchangeAdd64
#define InterlockedCompareExchange16Acquire InterlockedCompareExchange16
#define InterlockedCompareExchangeAcquire16 InterlockedCompareExchange16
#define InterlockedCompareExchange16Release InterlockedCompareExchange16
#define InterlockedCompareExchangeRelease16 InterlockedCompareExchange16
#define InterlockedCompareExchange16NoFence InterlockedCompareExchange16
#define InterlockedCompareExchangeNoFence16 InterlockedCompareExchange16
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#define InterlockedCompareExchange64Acquire InterlockedCompareExchange64
#define InterlockedCompareExchangeAcquire64 InterlockedCompareExchange64
#define InterlockedCompareExchange64Release InterlockedCompareExchange64
#define InterlockedCompareExchangeRelease64 InterlockedCompareExchange64
#define InterlockedCompareExchange64NoFence InterlockedCompareExchange64
#define InterlockedCompareExchangeNoFence64 InterlockedCompareExchange64
#define InterlockedCompareExchangePointerAcquire InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence InterlockedCompareExchangePointer
#define InterlockedAnd8Acquire InterlockedAnd8
#define InterlockedAnd8Release InterlockedAnd8
#define InterlockedAnd8NoFence InterlockedAnd8
#define InterlockedAnd16Acquire InterlockedAnd16
#define InterlockedAndAcquire16 InterlockedAnd16
#define InterlockedAnd16Release InterlockedAnd16
#define InterlockedAndRelease16 InterlockedAnd16
#define InterlockedAnd16NoFence InterlockedAnd16
#define InterlockedAndNoFence16 InterlockedAnd16
#define InterlockedAndAcquire InterlockedAnd
#define InterlockedAndRelease InterlockedAnd
#define InterlockedAndNoFence InterlockedAnd
#define InterlockedAnd64Acquire InterlockedAnd64
#define InterlockedAndAcquire64 InterlockedAnd64
#define InterlockedAnd64Release InterlockedAnd64
#define InterlockedAndRelease64 InterlockedAnd64
#define InterlockedAnd64NoFence InterlockedAnd64
#define InterlockedAndNoFence64 InterlockedAnd64
#define InterlockedOr8Acquire InterlockedOr8
#define InterlockedOr8Release InterlockedOr8
#define InterlockedOr8NoFence InterlockedOr8
#define InterlockedOr16Acquire InterlockedOr16
#define InterlockedOrAcquire16 InterlockedOr16
#define InterlockedOr16Release InterlockedOr16
#define InterlockedOrRelease16 InterlockedOr16
#define InterlockedOr16NoFence InterlockedOr16
#define InterlockedOrNoFence16 InterlockedOr16
#define InterlockedOrAcquire InterlockedOr
#define InterlockedOrRelease InterlockedOr
#define InterlockedOrNoFence InterlockedOr
#define InterlockedOr64Acquire InterlockedOr64
#define InterlockedOrAcquire64 InterlockedOr64
#define InterlockedOr64Release InterlockedOr64
#define InterlockedOrRelease64 InterlockedOr64
#define InterlockedOr64NoFence InterlockedOr64
#define InterlockedOrNoFence64 InterlockedOr64
#define InterlockedXor8Acquire InterlockedXor8
#define InterlockedXor8Release InterlockedXor8
#define InterlockedXor8NoFence InterlockedXor8
#define InterlockedXor16Acquire InterlockedXor16
#define InterlockedXorAcquire16 InterlockedXor16
#define InterlockedXor16Release InterlockedXor16
#define InterlockedXorRelease16 InterlockedXor16
#define InterlockedXor16NoFence InterlockedXor16
#define InterlockedXorNoFence16 InterlockedXor16
#define InterlockedXorAcquire InterlockedXor
#define InterlockedXorRelease InterlockedXor
#define InterlockedXorNoFence InterlockedXor
#define InterlockedXor64Acquire InterlockedXor64
#define InterlockedXorAcquire64 InterlockedXor64
#define InterlockedXor64Release InterlockedXor64
#define InterlockedXorRelease64 InterlockedXor64
#define InterlockedXor64NoFence InterlockedXor64
#define InterlockedXorNoFence64 InterlockedXor64
#define InterlockedBitTestAndSetAcquire InterlockedBitTestAndSet
#define InterlockedBitTestAndSetRelease InterlockedBitTestAndSet
#define InterlockedBitTestAndResetAcquire InterlockedBitTestAndReset
#define InterlockedBitTestAndResetRelease InterlockedBitTestAndReset

/* HRESULT, the numbers of COM and of strsafe.h */

#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)
#define NOERROR 0
#define E_UNEXPECTED ((HRESULT)0x8000FFFF)
#define E_NOTIMPL ((HRESULT)0x80004001)
#define E_NOINTERFACE ((HRESULT)0x80004002)
#define E_POINTER ((HRESULT)0x80004003)
#define E_ABORT ((HRESULT)0x80004004)
#define E_FAIL ((HRESULT)0x80004005)
#define E_PENDING ((HRESULT)0x8000000A)
#define E_BOUNDS ((HRESULT)0x8000000B)
#define E_ACCESSDENIED ((HRESULT)0x80070005)
#define E_HANDLE ((HRESULT)0x80070006)
#define E_OUTOFMEMORY ((HRESULT)0x8007000E)
#define E_INVALIDARG ((HRESULT)0x80070057)
#define SEVERITY_SUCCESS 0
#define SEVERITY_ERROR 1
#define FACILITY_NULL 0
#define FACILITY_RPC 1
#define FACILITY_DISPATCH 2
#define FACILITY_STORAGE 3
#define FACILITY_ITF 4
#define FACILITY_WIN32 7
#define FACILITY_WINDOWS 8
#define FACILITY_NT_BIT 0x10000000
#define SUCCEEDED(result) (((HRESULT)(result)) >= 0)
#define FAILED(result) (((HRESULT)(result)) < 0)
#define IS_ERROR(status) (((ULONG)(status)) >> 31 == SEVERITY_ERROR)
#define HRESULT_CODE(result) ((result) & 0xFFFF)
#define SCODE_CODE(result) ((result) & 0xFFFF)
#define HRESULT_FACILITY(result) (((result) >> 16) & 0x1fff)
#define SCODE_FACILITY(result) (((result) >> 16) & 0x1fff)
#define HRESULT_SEVERITY(result) (((result) >> 31) & 0x1)
#define SCODE_SEVERITY(result) (((result) >> 31) & 0x1)
#define MAKE_HRESULT(severity, facility, code) \
    ((HRESULT)(((unsigned int)(severity) << 31) | ((unsigned int)(facility) << 16) | ((unsigned int)(code))))
#define MAKE_SCODE(severity, facility, code) MAKE_HRESULT(severity, facility, code)
#define HRESULT_FROM_NT(status) ((HRESULT)((status) | FACILITY_NT_BIT))
#define HRESULT_FROM_WIN32(code) \
    ((HRESULT)(code) <= 0 ? (HRESULT)(code) : (HRESULT)(((code) & 0x0000FFFF) | (FACILITY_WIN32 << 16) | 0x80000000))
#define __HRESULT_FROM_WIN32(code) HRESULT_FROM_WIN32(code)

/* wvsprintf, wsprintf - print into at most 1024 characters with their end. Return the length. The wide forms are left
   out. */
static __inline__ int wvsprintfA(LPSTR buffer, LPCSTR format, va_list arguments)
{
    int length = __builtin_vsnprintf(buffer, 1024, format, arguments);
    return length < 1024 ? length : 1023;
}

static __inline__ __attribute__((__format__(__printf__, 2, 3))) int wsprintfA(LPSTR buffer, LPCSTR format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = wvsprintfA(buffer, format, arguments);
    va_end(arguments);
    return length;
}

#ifndef UNICODE
#define wvsprintf wvsprintfA
#define wsprintf wsprintfA
#endif

#ifdef __cplusplus
} /* extern "C" */
#endif

/* STATUS CODES, those that Windows' winnt.h has, and the exceptions that are named after them. */

#ifndef WIN32_NO_STATUS
#define STATUS_WAIT_0 ((DWORD)0x00000000)
#define STATUS_ABANDONED_WAIT_0 ((DWORD)0x00000080)
#define STATUS_USER_APC ((DWORD)0x000000C0)
#define STATUS_TIMEOUT ((DWORD)0x00000102)
#define STATUS_PENDING ((DWORD)0x00000103)
#define DBG_EXCEPTION_HANDLED ((DWORD)0x00010001)
#define DBG_CONTINUE ((DWORD)0x00010002)
#define STATUS_SEGMENT_NOTIFICATION ((DWORD)0x40000005)
#define STATUS_FATAL_APP_EXIT ((DWORD)0x40000015)
#define DBG_TERMINATE_THREAD ((DWORD)0x40010003)
#define DBG_TERMINATE_PROCESS ((DWORD)0x40010004)
#define DBG_CONTROL_C ((DWORD)0x40010005)
#define DBG_CONTROL_BREAK ((DWORD)0x40010008)
#define STATUS_GUARD_PAGE_VIOLATION ((DWORD)0x80000001)
#define STATUS_DATATYPE_MISALIGNMENT ((DWORD)0x80000002)
#define STATUS_BREAKPOINT ((DWORD)0x80000003)
#define STATUS_SINGLE_STEP ((DWORD)0x80000004)
#define STATUS_LONGJUMP ((DWORD)0x80000026)
#define STATUS_UNWIND_CONSOLIDATE ((DWORD)0x80000029)
#define DBG_EXCEPTION_NOT_HANDLED ((DWORD)0x80010001)
#define STATUS_ACCESS_VIOLATION ((DWORD)0xC0000005)
#define STATUS_IN_PAGE_ERROR ((DWORD)0xC0000006)
#define STATUS_INVALID_HANDLE ((DWORD)0xC0000008)
#define STATUS_INVALID_PARAMETER ((DWORD)0xC000000D)
#define STATUS_NO_MEMORY ((DWORD)0xC0000017)
#define STATUS_ILLEGAL_INSTRUCTION ((DWORD)0xC000001D)
#define STATUS_NONCONTINUABLE_EXCEPTION ((DWORD)0xC0000025)
#define STATUS_INVALID_DISPOSITION ((DWORD)0xC0000026)
#define STATUS_ARRAY_BOUNDS_EXCEEDED ((DWORD)0xC000008C)
#define STATUS_FLOAT_DENORMAL_OPERAND ((DWORD)0xC000008D)
#define STATUS_FLOAT_DIVIDE_BY_ZERO ((DWORD)0xC000008E)
#define STATUS_FLOAT_INEXACT_RESULT ((DWORD)0xC000008F)
#define STATUS_FLOAT_INVALID_OPERATION ((DWORD)0xC0000090)
#define STATUS_FLOAT_OVERFLOW ((DWORD)0xC0000091)
#define STATUS_FLOAT_STACK_CHECK ((DWORD)0xC0000092)
#define STATUS_FLOAT_UNDERFLOW ((DWORD)0xC0000093)
#define STATUS_INTEGER_DIVIDE_BY_ZERO ((DWORD)0xC0000094)
#define STATUS_INTEGER_OVERFLOW ((DWORD)0xC0000095)
#define STATUS_PRIVILEGED_INSTRUCTION ((DWORD)0xC0000096)
#define STATUS_STACK_OVERFLOW ((DWORD)0xC00000FD)
#define STATUS_DLL_NOT_FOUND ((DWORD)0xC0000135)
#define STATUS_ORDINAL_NOT_FOUND ((DWORD)0xC0000138)
#define STATUS_ENTRYPOINT_NOT_FOUND ((DWORD)0xC0000139)
#define STATUS_CONTROL_C_EXIT ((DWORD)0xC000013A)
#define STATUS_DLL_INIT_FAILED ((DWORD)0xC0000142)
#define STATUS_FLOAT_MULTIPLE_FAULTS ((DWORD)0xC00002B4)
#define STATUS_FLOAT_MULTIPLE_TRAPS ((DWORD)0xC00002B5)
#define STATUS_REG_NAT_CONSUMPTION ((DWORD)0xC00002C9)
#define STATUS_HEAP_CORRUPTION ((DWORD)0xC0000374)
#define STATUS_STACK_BUFFER_OVERRUN ((DWORD)0xC0000409)
#define STATUS_INVALID_CRUNTIME_PARAMETER ((DWORD)0xC0000417)
#define STATUS_ASSERTION_FAILURE ((DWORD)0xC0000420)
#endif

#define EXCEPTION_ACCESS_VIOLATION STATUS_ACCESS_VIOLATION
#define EXCEPTION_DATATYPE_MISALIGNMENT STATUS_DATATYPE_MISALIGNMENT
#define EXCEPTION_BREAKPOINT STATUS_BREAKPOINT
#define EXCEPTION_SINGLE_STEP STATUS_SINGLE_STEP
#define EXCEPTION_ARRAY_BOUNDS_EXCEEDED STATUS_ARRAY_BOUNDS_EXCEEDED
#define EXCEPTION_FLT_DENORMAL_OPERAND STATUS_FLOAT_DENORMAL_OPERAND
#define EXCEPTION_FLT_DIVIDE_BY_ZERO STATUS_FLOAT_DIVIDE_BY_ZERO
#define EXCEPTION_FLT_INEXACT_RESULT STATUS_FLOAT_INEXACT_RESULT
#define EXCEPTION_FLT_INVALID_OPERATION STATUS_FLOAT_INVALID_OPERATION
#define EXCEPTION_FLT_OVERFLOW STATUS_FLOAT_OVERFLOW
#define EXCEPTION_FLT_STACK_CHECK STATUS_FLOAT_STACK_CHECK
#define EXCEPTION_FLT_UNDERFLOW STATUS_FLOAT_UNDERFLOW
#define EXCEPTION_INT_DIVIDE_BY_ZERO STATUS_INTEGER_DIVIDE_BY_ZERO
#define EXCEPTION_INT_OVERFLOW STATUS_INTEGER_OVERFLOW
#define EXCEPTION_PRIV_INSTRUCTION STATUS_PRIVILEGED_INSTRUCTION
#define EXCEPTION_IN_PAGE_ERROR STATUS_IN_PAGE_ERROR
#define EXCEPTION_ILLEGAL_INSTRUCTION STATUS_ILLEGAL_INSTRUCTION
#define EXCEPTION_NONCONTINUABLE_EXCEPTION STATUS_NONCONTINUABLE_EXCEPTION
#define EXCEPTION_STACK_OVERFLOW STATUS_STACK_OVERFLOW
#define EXCEPTION_INVALID_DISPOSITION STATUS_INVALID_DISPOSITION
#define EXCEPTION_GUARD_PAGE STATUS_GUARD_PAGE_VIOLATION
#define EXCEPTION_INVALID_HANDLE STATUS_INVALID_HANDLE
#define CONTROL_C_EXIT STATUS_CONTROL_C_EXIT
#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#define EXCEPTION_NONCONTINUABLE 0x1
#define EXCEPTION_MAXIMUM_PARAMETERS 15

/* ERROR CODES, with Windows' numbers: those that this library sets, and those that a program may name beside them. */

#define NO_ERROR 0
#define ERROR_SUCCESS 0
#define ERROR_INVALID_FUNCTION 1
#define ERROR_FILE_NOT_FOUND 2
#define ERROR_PATH_NOT_FOUND 3
#define ERROR_TOO_MANY_OPEN_FILES 4
#define ERROR_ACCESS_DENIED 5
#define ERROR_INVALID_HANDLE 6
#define ERROR_ARENA_TRASHED 7
#define ERROR_NOT_ENOUGH_MEMORY 8
#define ERROR_INVALID_BLOCK 9
#define ERROR_BAD_ENVIRONMENT 10
#define ERROR_BAD_FORMAT 11
#define ERROR_INVALID_ACCESS 12
#define ERROR_INVALID_DATA 13
#define ERROR_OUTOFMEMORY 14
#define ERROR_INVALID_DRIVE 15
#define ERROR_CURRENT_DIRECTORY 16
#define ERROR_NOT_SAME_DEVICE 17
#define ERROR_NO_MORE_FILES 18
#define ERROR_WRITE_PROTECT 19
#define ERROR_BAD_UNIT 20
#define ERROR_NOT_READY 21
#define ERROR_BAD_COMMAND 22
#define ERROR_CRC 23
#define ERROR_BAD_LENGTH 24
#define ERROR_SEEK 25
#define ERROR_NOT_DOS_DISK 26
#define ERROR_SECTOR_NOT_FOUND 27
#define ERROR_OUT_OF_PAPER 28
#define ERROR_WRITE_FAULT 29
#define ERROR_READ_FAULT 30
#define ERROR_GEN_FAILURE 31
#define ERROR_SHARING_VIOLATION 32
#define ERROR_LOCK_VIOLATION 33
#define ERROR_WRONG_DISK 34
#define ERROR_SHARING_BUFFER_EXCEEDED 36
#define ERROR_HANDLE_EOF 38
#define ERROR_HANDLE_DISK_FULL 39
#define ERROR_NOT_SUPPORTED 50
#define ERROR_REM_NOT_LIST 51
#define ERROR_DUP_NAME 52
#define ERROR_BAD_NETPATH 53
#define ERROR_NETWORK_BUSY 54
#define ERROR_DEV_NOT_EXIST 55
#define ERROR_TOO_MANY_CMDS 56
#define ERROR_ADAP_HDW_ERR 57
#define ERROR_BAD_NET_RESP 58
#define ERROR_UNEXP_NET_ERR 59
#define ERROR_BAD_REM_ADAP 60
#define ERROR_PRINTQ_FULL 61
#define ERROR_NO_SPOOL_SPACE 62
#define ERROR_PRINT_CANCELLED 63
#define ERROR_NETNAME_DELETED 64
#define ERROR_NETWORK_ACCESS_DENIED 65
#define ERROR_BAD_DEV_TYPE 66
#define ERROR_BAD_NET_NAME 67
#define ERROR_TOO_MANY_NAMES 68
#define ERROR_TOO_MANY_SESS 69
#define ERROR_SHARING_PAUSED 70
#define ERROR_REQ_NOT_ACCEP 71
#define ERROR_REDIR_PAUSED 72
#define ERROR_FILE_EXISTS 80
#define ERROR_CANNOT_MAKE 82
#define ERROR_FAIL_I24 83
#define ERROR_OUT_OF_STRUCTURES 84
#define ERROR_ALREADY_ASSIGNED 85
#define ERROR_INVALID_PASSWORD 86
#define ERROR_INVALID_PARAMETER 87
#define ERROR_NET_WRITE_FAULT 88
#define ERROR_NO_PROC_SLOTS 89
#define ERROR_TOO_MANY_SEMAPHORES 100
#define ERROR_EXCL_SEM_ALREADY_OWNED 101
#define ERROR_SEM_IS_SET 102
#define ERROR_TOO_MANY_SEM_REQUESTS 103
#define ERROR_INVALID_AT_INTERRUPT_TIME 104
#define ERROR_SEM_OWNER_DIED 105
#define ERROR_SEM_USER_LIMIT 106
#define ERROR_DISK_CHANGE 107
#define ERROR_DRIVE_LOCKED 108
#define ERROR_BROKEN_PIPE 109
#define ERROR_OPEN_FAILED 110
#define ERROR_BUFFER_OVERFLOW 111
#define ERROR_DISK_FULL 112
#define ERROR_NO_MORE_SEARCH_HANDLES 113
#define ERROR_INVALID_TARGET_HANDLE 114
#define ERROR_INVALID_CATEGORY 117
#define ERROR_INVALID_VERIFY_SWITCH 118
#define ERROR_BAD_DRIVER_LEVEL 119
#define ERROR_CALL_NOT_IMPLEMENTED 120
#define ERROR_SEM_TIMEOUT 121
#define ERROR_INSUFFICIENT_BUFFER 122
#define ERROR_INVALID_NAME 123
#define ERROR_INVALID_LEVEL 124
#define ERROR_NO_VOLUME_LABEL 125
#define ERROR_MOD_NOT_FOUND 126
#define ERROR_PROC_NOT_FOUND 127
#define ERROR_WAIT_NO_CHILDREN 128
#define ERROR_CHILD_NOT_COMPLETE 129
#define ERROR_DIRECT_ACCESS_HANDLE 130
#define ERROR_NEGATIVE_SEEK 131
#define ERROR_SEEK_ON_DEVICE 132
#define ERROR_IS_JOIN_TARGET 133
#define ERROR_IS_JOINED 134
#define ERROR_IS_SUBSTED 135
#define ERROR_NOT_JOINED 136
#define ERROR_NOT_SUBSTED 137
#define ERROR_JOIN_TO_JOIN 138
#define ERROR_SUBST_TO_SUBST 139
#define ERROR_JOIN_TO_SUBST 140
#define ERROR_SUBST_TO_JOIN 141
#define ERROR_BUSY_DRIVE 142
#define ERROR_SAME_DRIVE 143
#define ERROR_DIR_NOT_ROOT 144
#define ERROR_DIR_NOT_EMPTY 145
#define ERROR_IS_SUBST_PATH 146
#define ERROR_IS_JOIN_PATH 147
#define ERROR_PATH_BUSY 148
#define ERROR_IS_SUBST_TARGET 149
#define ERROR_SYSTEM_TRACE 150
#define ERROR_INVALID_EVENT_COUNT 151
#define ERROR_TOO_MANY_MUXWAITERS 152
#define ERROR_INVALID_LIST_FORMAT 153
#define ERROR_LABEL_TOO_LONG 154
#define ERROR_TOO_MANY_TCBS 155
#define ERROR_SIGNAL_REFUSED 156
#define ERROR_DISCARDED 157
#define ERROR_NOT_LOCKED 158
#define ERROR_BAD_THREADID_ADDR 159
#define ERROR_BAD_ARGUMENTS 160
#define ERROR_BAD_PATHNAME 161
#define ERROR_SIGNAL_PENDING 162
#define ERROR_MAX_THRDS_REACHED 164
#define ERROR_LOCK_FAILED 167
#define ERROR_BUSY 170
#define ERROR_DEVICE_SUPPORT_IN_PROGRESS 171
#define ERROR_CANCEL_VIOLATION 173
#define ERROR_ATOMIC_LOCKS_NOT_SUPPORTED 174
#define ERROR_INVALID_SEGMENT_NUMBER 180
#define ERROR_INVALID_ORDINAL 182
#define ERROR_ALREADY_EXISTS 183
#define ERROR_INVALID_FLAG_NUMBER 186
#define ERROR_SEM_NOT_FOUND 187
#define ERROR_INVALID_STARTING_CODESEG 188
#define ERROR_INVALID_STACKSEG 189
#define ERROR_INVALID_MODULETYPE 190
#define ERROR_INVALID_EXE_SIGNATURE 191
#define ERROR_EXE_MARKED_INVALID 192
#define ERROR_BAD_EXE_FORMAT 193
#define ERROR_ITERATED_DATA_EXCEEDS_64k 194
#define ERROR_INVALID_MINALLOCSIZE 195
#define ERROR_DYNLINK_FROM_INVALID_RING 196
#define ERROR_IOPL_NOT_ENABLED 197
#define ERROR_INVALID_SEGDPL 198
#define ERROR_AUTODATASEG_EXCEEDS_64k 199
#define ERROR_RING2SEG_MUST_BE_MOVABLE 200
#define ERROR_RELOC_CHAIN_XEEDS_SEGLIM 201
#define ERROR_INFLOOP_IN_RELOC_CHAIN 202
#define ERROR_ENVVAR_NOT_FOUND 203
#define ERROR_NO_SIGNAL_SENT 205
#define ERROR_FILENAME_EXCED_RANGE 206
#define ERROR_RING2_STACK_IN_USE 207
#define ERROR_META_EXPANSION_TOO_LONG 208
#define ERROR_INVALID_SIGNAL_NUMBER 209
#define ERROR_THREAD_1_INACTIVE 210
#define ERROR_LOCKED 212
#define ERROR_TOO_MANY_MODULES 214
#define ERROR_NESTING_NOT_ALLOWED 215
#define ERROR_EXE_MACHINE_TYPE_MISMATCH 216
#define ERROR_EXE_CANNOT_MODIFY_SIGNED_BINARY 217
#define ERROR_EXE_CANNOT_MODIFY_STRONG_SIGNED_BINARY 218
#define ERROR_FILE_CHECKED_OUT 220
#define ERROR_CHECKOUT_REQUIRED 221
#define ERROR_BAD_FILE_TYPE 222
#define ERROR_FILE_TOO_LARGE 223
#define ERROR_FORMS_AUTH_REQUIRED 224
#define ERROR_VIRUS_INFECTED 225
#define ERROR_VIRUS_DELETED 226
#define ERROR_PIPE_LOCAL 229
#define ERROR_BAD_PIPE 230
#define ERROR_PIPE_BUSY 231
#define ERROR_NO_DATA 232
#define ERROR_PIPE_NOT_CONNECTED 233
#define ERROR_MORE_DATA 234
#define ERROR_NO_WORK_DONE 235
#define ERROR_VC_DISCONNECTED 240
#define ERROR_INVALID_EA_NAME 254
#define ERROR_EA_LIST_INCONSISTENT 255
#define WAIT_TIMEOUT 258
#define ERROR_NO_MORE_ITEMS 259
#define ERROR_CANNOT_COPY 266
#define ERROR_DIRECTORY 267
#define ERROR_EAS_DIDNT_FIT 275
#define ERROR_EA_FILE_CORRUPT 276
#define ERROR_EA_TABLE_FULL 277
#define ERROR_INVALID_EA_HANDLE 278
#define ERROR_EAS_NOT_SUPPORTED 282
#define ERROR_NOT_OWNER 288
#define ERROR_TOO_MANY_POSTS 298
#define ERROR_PARTIAL_COPY 299
#define ERROR_OPLOCK_NOT_GRANTED 300
#define ERROR_INVALID_OPLOCK_PROTOCOL 301
#define ERROR_DISK_TOO_FRAGMENTED 302
#define ERROR_DELETE_PENDING 303
#define ERROR_INVALID_LOCK_RANGE 307
#define ERROR_MR_MID_NOT_FOUND 317
#define ERROR_SCOPE_NOT_FOUND 318
#define ERROR_FAIL_NOACTION_REBOOT 350
#define ERROR_FAIL_SHUTDOWN 351
#define ERROR_FAIL_RESTART 352
#define ERROR_MAX_SESSIONS_REACHED 353
#define ERROR_THREAD_MODE_ALREADY_BACKGROUND 400
#define ERROR_THREAD_MODE_NOT_BACKGROUND 401
#define ERROR_PROCESS_MODE_ALREADY_BACKGROUND 402
#define ERROR_PROCESS_MODE_NOT_BACKGROUND 403
#define ERROR_INVALID_ADDRESS 487
#define ERROR_USER_PROFILE_LOAD 500
#define ERROR_ARITHMETIC_OVERFLOW 534
#define ERROR_PIPE_CONNECTED 535
#define ERROR_PIPE_LISTENING 536
#define ERROR_ABIOS_ERROR 538
#define ERROR_WX86_WARNING 539
#define ERROR_WX86_ERROR 540
#define ERROR_TIMER_NOT_CANCELED 541
#define ERROR_UNWIND 542
#define ERROR_BAD_STACK 543
#define ERROR_INVALID_UNWIND_TARGET 544
#define ERROR_INVALID_PORT_ATTRIBUTES 545
#define ERROR_PORT_MESSAGE_TOO_LONG 546
#define ERROR_INVALID_QUOTA_LOWER 547
#define ERROR_DEVICE_ALREADY_ATTACHED 548
#define ERROR_INSTRUCTION_MISALIGNMENT 549
#define ERROR_PROFILING_NOT_STARTED 550
#define ERROR_PROFILING_NOT_STOPPED 551
#define ERROR_COULD_NOT_INTERPRET 552
#define ERROR_PROFILING_AT_LIMIT 553
#define ERROR_CANT_WAIT 554
#define ERROR_CANT_TERMINATE_SELF 555
#define ERROR_UNEXPECTED_MM_CREATE_ERR 556
#define ERROR_UNEXPECTED_MM_MAP_ERROR 557
#define ERROR_UNEXPECTED_MM_EXTEND_ERR 558
#define ERROR_BAD_FUNCTION_TABLE 559
#define ERROR_NO_GUID_TRANSLATION 560
#define ERROR_INVALID_LDT_SIZE 561
#define ERROR_INVALID_LDT_OFFSET 563
#define ERROR_INVALID_LDT_DESCRIPTOR 564
#define ERROR_TOO_MANY_THREADS 565
#define ERROR_THREAD_NOT_IN_PROCESS 566
#define ERROR_PAGEFILE_QUOTA_EXCEEDED 567
#define ERROR_LOGON_SERVER_CONFLICT 568
#define ERROR_SYNCHRONIZATION_REQUIRED 569
#define ERROR_NET_OPEN_FAILED 570
#define ERROR_IO_PRIVILEGE_FAILED 571
#define ERROR_CONTROL_C_EXIT 572
#define ERROR_MISSING_SYSTEMFILE 573
#define ERROR_UNHANDLED_EXCEPTION 574
#define ERROR_APP_INIT_FAILURE 575
#define ERROR_PAGEFILE_CREATE_FAILED 576
#define ERROR_NO_PAGEFILE 578
#define ERROR_ILLEGAL_FLOAT_CONTEXT 579
#define ERROR_NO_EVENT_PAIR 580
#define ERROR_ILLEGAL_CHARACTER 582
#define ERROR_UNDEFINED_CHARACTER 583
#define ERROR_PROCESS_NOT_IN_JOB 759
#define ERROR_PROCESS_IN_JOB 760
#define ERROR_EA_ACCESS_DENIED 994
#define ERROR_OPERATION_ABORTED 995
#define ERROR_IO_INCOMPLETE 996
#define ERROR_IO_PENDING 997
#define ERROR_NOACCESS 998
#define ERROR_SWAPERROR 999
#define ERROR_STACK_OVERFLOW 1001
#define ERROR_INVALID_MESSAGE 1002
#define ERROR_CAN_NOT_COMPLETE 1003
#define ERROR_INVALID_FLAGS 1004
#define ERROR_UNRECOGNIZED_VOLUME 1005
#define ERROR_FILE_INVALID 1006
#define ERROR_FULLSCREEN_MODE 1007
#define ERROR_NO_TOKEN 1008
#define ERROR_BADDB 1009
#define ERROR_BADKEY 1010
#define ERROR_CANTOPEN 1011
#define ERROR_CANTREAD 1012
#define ERROR_CANTWRITE 1013
#define ERROR_REGISTRY_RECOVERED 1014
#define ERROR_REGISTRY_CORRUPT 1015
#define ERROR_REGISTRY_IO_FAILED 1016
#define ERROR_NOT_REGISTRY_FILE 1017
#define ERROR_KEY_DELETED 1018
#define ERROR_NO_LOG_SPACE 1019
#define ERROR_KEY_HAS_CHILDREN 1020
#define ERROR_CHILD_MUST_BE_VOLATILE 1021
#define ERROR_NOTIFY_ENUM_DIR 1022
#define ERROR_DEPENDENT_SERVICES_RUNNING 1051
#define ERROR_INVALID_SERVICE_CONTROL 1052
#define ERROR_SERVICE_REQUEST_TIMEOUT 1053
#define ERROR_SERVICE_NO_THREAD 1054
#define ERROR_SERVICE_DATABASE_LOCKED 1055
#define ERROR_SERVICE_ALREADY_RUNNING 1056
#define ERROR_INVALID_SERVICE_ACCOUNT 1057
#define ERROR_SERVICE_DISABLED 1058
#define ERROR_CIRCULAR_DEPENDENCY 1059
#define ERROR_SERVICE_DOES_NOT_EXIST 1060
#define ERROR_SERVICE_CANNOT_ACCEPT_CTRL 1061
#define ERROR_SERVICE_NOT_ACTIVE 1062
#define ERROR_FAILED_SERVICE_CONTROLLER_CONNECT 1063
#define ERROR_EXCEPTION_IN_SERVICE 1064
#define ERROR_DATABASE_DOES_NOT_EXIST 1065
#define ERROR_SERVICE_SPECIFIC_ERROR 1066
#define ERROR_PROCESS_ABORTED 1067
#define ERROR_SERVICE_DEPENDENCY_FAIL 1068
#define ERROR_SERVICE_LOGON_FAILED 1069
#define ERROR_SERVICE_START_HANG 1070
#define ERROR_INVALID_SERVICE_LOCK 1071
#define ERROR_SERVICE_MARKED_FOR_DELETE 1072
#define ERROR_SERVICE_EXISTS 1073
#define ERROR_ALREADY_RUNNING_LKG 1074
#define ERROR_SERVICE_DEPENDENCY_DELETED 1075
#define ERROR_BOOT_ALREADY_ACCEPTED 1076
#define ERROR_SERVICE_NEVER_STARTED 1077
#define ERROR_DUPLICATE_SERVICE_NAME 1078
#define ERROR_DIFFERENT_SERVICE_ACCOUNT 1079
#define ERROR_END_OF_MEDIA 1100
#define ERROR_FILEMARK_DETECTED 1101
#define ERROR_BEGINNING_OF_MEDIA 1102
#define ERROR_SETMARK_DETECTED 1103
#define ERROR_NO_DATA_DETECTED 1104
#define ERROR_PARTITION_FAILURE 1105
#define ERROR_INVALID_BLOCK_LENGTH 1106
#define ERROR_DEVICE_NOT_PARTITIONED 1107
#define ERROR_UNABLE_TO_LOCK_MEDIA 1108
#define ERROR_UNABLE_TO_UNLOAD_MEDIA 1109
#define ERROR_MEDIA_CHANGED 1110
#define ERROR_BUS_RESET 1111
#define ERROR_NO_MEDIA_IN_DRIVE 1112
#define ERROR_NO_UNICODE_TRANSLATION 1113
#define ERROR_DLL_INIT_FAILED 1114
#define ERROR_SHUTDOWN_IN_PROGRESS 1115
#define ERROR_NO_SHUTDOWN_IN_PROGRESS 1116
#define ERROR_IO_DEVICE 1117
#define ERROR_SERIAL_NO_DEVICE 1118
#define ERROR_IRQ_BUSY 1119
#define ERROR_MORE_WRITES 1120
#define ERROR_COUNTER_TIMEOUT 1121
#define ERROR_EOM_OVERFLOW 1129
#define ERROR_NOT_ENOUGH_SERVER_MEMORY 1130
#define ERROR_POSSIBLE_DEADLOCK 1131
#define ERROR_MAPPED_ALIGNMENT 1132
#define ERROR_SET_POWER_STATE_VETOED 1140
#define ERROR_SET_POWER_STATE_FAILED 1141
#define ERROR_TOO_MANY_LINKS 1142
#define ERROR_OLD_WIN_VERSION 1150
#define ERROR_APP_WRONG_OS 1151
#define ERROR_SINGLE_INSTANCE_APP 1152
#define ERROR_RMODE_APP 1153
#define ERROR_INVALID_DLL 1154
#define ERROR_NO_ASSOCIATION 1155
#define ERROR_DDE_FAIL 1156
#define ERROR_DLL_NOT_FOUND 1157
#define ERROR_NO_MORE_USER_HANDLES 1158
#define ERROR_MESSAGE_SYNC_ONLY 1159
#define ERROR_SOURCE_ELEMENT_EMPTY 1160
#define ERROR_DESTINATION_ELEMENT_FULL 1161
#define ERROR_DEVICE_NOT_CONNECTED 1167
#define ERROR_NOT_FOUND 1168
#define ERROR_NO_MATCH 1169
#define ERROR_SET_NOT_FOUND 1170
#define ERROR_POINT_NOT_FOUND 1171
#define ERROR_NO_TRACKING_SERVICE 1172
#define ERROR_NO_VOLUME_ID 1173
#define ERROR_UNABLE_TO_REMOVE_REPLACED 1175
#define ERROR_UNABLE_TO_MOVE_REPLACEMENT 1176
#define ERROR_UNABLE_TO_MOVE_REPLACEMENT_2 1177
#define ERROR_JOURNAL_DELETE_IN_PROGRESS 1178
#define ERROR_JOURNAL_NOT_ACTIVE 1179
#define ERROR_POTENTIAL_FILE_FOUND 1180
#define ERROR_JOURNAL_ENTRY_DELETED 1181
#define ERROR_BAD_DEVICE 1200
#define ERROR_CONNECTION_UNAVAIL 1201
#define ERROR_DEVICE_ALREADY_REMEMBERED 1202
#define ERROR_NO_NET_OR_BAD_PATH 1203
#define ERROR_BAD_PROVIDER 1204
#define ERROR_CANNOT_OPEN_PROFILE 1205
#define ERROR_BAD_PROFILE 1206
#define ERROR_NOT_CONTAINER 1207
#define ERROR_EXTENDED_ERROR 1208
#define ERROR_INVALID_GROUPNAME 1209
#define ERROR_INVALID_COMPUTERNAME 1210
#define ERROR_INVALID_EVENTNAME 1211
#define ERROR_INVALID_DOMAINNAME 1212
#define ERROR_INVALID_SERVICENAME 1213
#define ERROR_INVALID_NETNAME 1214
#define ERROR_INVALID_SHARENAME 1215
#define ERROR_INVALID_PASSWORDNAME 1216
#define ERROR_INVALID_MESSAGENAME 1217
#define ERROR_INVALID_MESSAGEDEST 1218
#define ERROR_SESSION_CREDENTIAL_CONFLICT 1219
#define ERROR_REMOTE_SESSION_LIMIT_EXCEEDED 1220
#define ERROR_DUP_DOMAINNAME 1221
#define ERROR_NO_NETWORK 1222
#define ERROR_CANCELLED 1223
#define ERROR_USER_MAPPED_FILE 1224
#define ERROR_CONNECTION_REFUSED 1225
#define ERROR_GRACEFUL_DISCONNECT 1226
#define ERROR_ADDRESS_ALREADY_ASSOCIATED 1227
#define ERROR_ADDRESS_NOT_ASSOCIATED 1228
#define ERROR_CONNECTION_INVALID 1229
#define ERROR_CONNECTION_ACTIVE 1230
#define ERROR_NETWORK_UNREACHABLE 1231
#define ERROR_HOST_UNREACHABLE 1232
#define ERROR_PROTOCOL_UNREACHABLE 1233
#define ERROR_PORT_UNREACHABLE 1234
#define ERROR_REQUEST_ABORTED 1235
#define ERROR_CONNECTION_ABORTED 1236
#define ERROR_RETRY 1237
#define ERROR_CONNECTION_COUNT_LIMIT 1238
#define ERROR_LOGIN_TIME_RESTRICTION 1239
#define ERROR_LOGIN_WKSTA_RESTRICTION 1240
#define ERROR_INCORRECT_ADDRESS 1241
#define ERROR_ALREADY_REGISTERED 1242
#define ERROR_SERVICE_NOT_FOUND 1243
#define ERROR_NOT_AUTHENTICATED 1244
#define ERROR_NOT_LOGGED_ON 1245
#define ERROR_CONTINUE 1246
#define ERROR_ALREADY_INITIALIZED 1247
#define ERROR_NO_MORE_DEVICES 1248
#define ERROR_NO_SUCH_SITE 1249
#define ERROR_DOMAIN_CONTROLLER_EXISTS 1250
#define ERROR_ONLY_IF_CONNECTED 1251
#define ERROR_OVERRIDE_NOCHANGES 1252
#define ERROR_BAD_USER_PROFILE 1253
#define ERROR_NOT_SUPPORTED_ON_SBS 1254
#define ERROR_SERVER_SHUTDOWN_IN_PROGRESS 1255
#define ERROR_HOST_DOWN 1256
#define ERROR_ACCESS_DISABLED_BY_POLICY 1260
#define ERROR_NOT_ALL_ASSIGNED 1300
#define ERROR_SOME_NOT_MAPPED 1301
#define ERROR_NO_QUOTAS_FOR_ACCOUNT 1302
#define ERROR_LOCAL_USER_SESSION_KEY 1303
#define ERROR_NULL_LM_PASSWORD 1304
#define ERROR_UNKNOWN_REVISION 1305
#define ERROR_REVISION_MISMATCH 1306
#define ERROR_INVALID_OWNER 1307
#define ERROR_INVALID_PRIMARY_GROUP 1308
#define ERROR_NO_IMPERSONATION_TOKEN 1309
#define ERROR_CANT_DISABLE_MANDATORY 1310
#define ERROR_NO_LOGON_SERVERS 1311
#define ERROR_NO_SUCH_LOGON_SESSION 1312
#define ERROR_NO_SUCH_PRIVILEGE 1313
#define ERROR_PRIVILEGE_NOT_HELD 1314
#define ERROR_INVALID_ACCOUNT_NAME 1315
#define ERROR_USER_EXISTS 1316
#define ERROR_NO_SUCH_USER 1317
#define ERROR_GROUP_EXISTS 1318
#define ERROR_NO_SUCH_GROUP 1319
#define ERROR_MEMBER_IN_GROUP 1320
#define ERROR_MEMBER_NOT_IN_GROUP 1321
#define ERROR_LAST_ADMIN 1322
#define ERROR_WRONG_PASSWORD 1323
#define ERROR_ILL_FORMED_PASSWORD 1324
#define ERROR_PASSWORD_RESTRICTION 1325
#define ERROR_LOGON_FAILURE 1326
#define ERROR_ACCOUNT_RESTRICTION 1327
#define ERROR_INVALID_LOGON_HOURS 1328
#define ERROR_INVALID_WORKSTATION 1329
#define ERROR_PASSWORD_EXPIRED 1330
#define ERROR_ACCOUNT_DISABLED 1331
#define ERROR_NONE_MAPPED 1332
#define ERROR_TOO_MANY_LUIDS_REQUESTED 1333
#define ERROR_LUIDS_EXHAUSTED 1334
#define ERROR_INVALID_SUB_AUTHORITY 1335
#define ERROR_INVALID_ACL 1336
#define ERROR_INVALID_SID 1337
#define ERROR_INVALID_SECURITY_DESCR 1338
#define ERROR_BAD_INHERITANCE_ACL 1340
#define ERROR_SERVER_DISABLED 1341
#define ERROR_SERVER_NOT_DISABLED 1342
#define ERROR_INVALID_ID_AUTHORITY 1343
#define ERROR_ALLOTTED_SPACE_EXCEEDED 1344
#define ERROR_INVALID_GROUP_ATTRIBUTES 1345
#define ERROR_BAD_IMPERSONATION_LEVEL 1346
#define ERROR_CANT_OPEN_ANONYMOUS 1347
#define ERROR_BAD_VALIDATION_CLASS 1348
#define ERROR_BAD_TOKEN_TYPE 1349
#define ERROR_NO_SECURITY_ON_OBJECT 1350
#define ERROR_CANT_ACCESS_DOMAIN_INFO 1351
#define ERROR_INVALID_SERVER_STATE 1352
#define ERROR_INVALID_DOMAIN_STATE 1353
#define ERROR_INVALID_DOMAIN_ROLE 1354
#define ERROR_NO_SUCH_DOMAIN 1355
#define ERROR_DOMAIN_EXISTS 1356
#define ERROR_DOMAIN_LIMIT_EXCEEDED 1357
#define ERROR_INTERNAL_DB_CORRUPTION 1358
#define ERROR_INTERNAL_ERROR 1359
#define ERROR_GENERIC_NOT_MAPPED 1360
#define ERROR_BAD_DESCRIPTOR_FORMAT 1361
#define ERROR_NOT_LOGON_PROCESS 1362
#define ERROR_LOGON_SESSION_EXISTS 1363
#define ERROR_NO_SUCH_PACKAGE 1364
#define ERROR_BAD_LOGON_SESSION_STATE 1365
#define ERROR_LOGON_SESSION_COLLISION 1366
#define ERROR_INVALID_LOGON_TYPE 1367
#define ERROR_CANNOT_IMPERSONATE 1368
#define ERROR_RXACT_INVALID_STATE 1369
#define ERROR_RXACT_COMMIT_FAILURE 1370
#define ERROR_SPECIAL_ACCOUNT 1371
#define ERROR_SPECIAL_GROUP 1372
#define ERROR_SPECIAL_USER 1373
#define ERROR_MEMBERS_PRIMARY_GROUP 1374
#define ERROR_TOKEN_ALREADY_IN_USE 1375
#define ERROR_NO_SUCH_ALIAS 1376
#define ERROR_MEMBER_NOT_IN_ALIAS 1377
#define ERROR_MEMBER_IN_ALIAS 1378
#define ERROR_ALIAS_EXISTS 1379
#define ERROR_LOGON_NOT_GRANTED 1380
#define ERROR_TOO_MANY_SECRETS 1381
#define ERROR_SECRET_TOO_LONG 1382
#define ERROR_INTERNAL_DB_ERROR 1383
#define ERROR_TOO_MANY_CONTEXT_IDS 1384
#define ERROR_LOGON_TYPE_NOT_GRANTED 1385
#define ERROR_NO_SUCH_MEMBER 1387
#define ERROR_INVALID_MEMBER 1388
#define ERROR_TOO_MANY_SIDS 1389
#define ERROR_NO_INHERITANCE 1391
#define ERROR_FILE_CORRUPT 1392
#define ERROR_DISK_CORRUPT 1393
#define ERROR_NO_USER_SESSION_KEY 1394
#define ERROR_LICENSE_QUOTA_EXCEEDED 1395
#define ERROR_WRONG_TARGET_NAME 1396
#define ERROR_MUTUAL_AUTH_FAILED 1397
#define ERROR_TIME_SKEW 1398
#define ERROR_INVALID_WINDOW_HANDLE 1400
#define ERROR_INVALID_MENU_HANDLE 1401
#define ERROR_INVALID_CURSOR_HANDLE 1402
#define ERROR_INVALID_ACCEL_HANDLE 1403
#define ERROR_INVALID_HOOK_HANDLE 1404
#define ERROR_TLW_WITH_WSCHILD 1406
#define ERROR_CANNOT_FIND_WND_CLASS 1407
#define ERROR_WINDOW_OF_OTHER_THREAD 1408
#define ERROR_HOTKEY_ALREADY_REGISTERED 1409
#define ERROR_CLASS_ALREADY_EXISTS 1410
#define ERROR_CLASS_DOES_NOT_EXIST 1411
#define ERROR_CLASS_HAS_WINDOWS 1412
#define ERROR_INVALID_INDEX 1413
#define ERROR_INVALID_ICON_HANDLE 1414
#define ERROR_NO_WILDCARD_CHARACTERS 1417
#define ERROR_CLIPBOARD_NOT_OPEN 1418
#define ERROR_HOTKEY_NOT_REGISTERED 1419
#define ERROR_CONTROL_ID_NOT_FOUND 1421
#define ERROR_INVALID_FILTER_PROC 1427
#define ERROR_NO_SCROLLBARS 1447
#define ERROR_NO_SYSTEM_RESOURCES 1450
#define ERROR_NONPAGED_SYSTEM_RESOURCES 1451
#define ERROR_PAGED_SYSTEM_RESOURCES 1452
#define ERROR_WORKING_SET_QUOTA 1453
#define ERROR_PAGEFILE_QUOTA 1454
#define ERROR_COMMITMENT_LIMIT 1455
#define ERROR_MENU_ITEM_NOT_FOUND 1456
#define ERROR_INVALID_KEYBOARD_HANDLE 1457
#define ERROR_HOOK_TYPE_NOT_ALLOWED 1458
#define ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION 1459
#define ERROR_TIMEOUT 1460
#define ERROR_INVALID_MONITOR_HANDLE 1461
#define ERROR_INCORRECT_SIZE 1462
#define ERROR_SYMLINK_CLASS_DISABLED 1463
#define ERROR_SYMLINK_NOT_SUPPORTED 1464
#define ERROR_EVENTLOG_FILE_CORRUPT 1500
#define ERROR_EVENTLOG_CANT_START 1501
#define ERROR_LOG_FILE_FULL 1502
#define ERROR_EVENTLOG_FILE_CHANGED 1503
#define ERROR_INSTALL_SERVICE_FAILURE 1601
#define ERROR_INSTALL_USEREXIT 1602
#define ERROR_INSTALL_FAILURE 1603
#define ERROR_INSTALL_SUSPEND 1604
#define ERROR_UNKNOWN_PRODUCT 1605
#define ERROR_UNKNOWN_PROPERTY 1608
#define ERROR_INVALID_HANDLE_STATE 1609
#define ERROR_BAD_CONFIGURATION 1610
#define ERROR_INSTALL_ALREADY_RUNNING 1618
#define ERROR_INVALID_TABLE 1628
#define ERROR_DATATYPE_MISMATCH 1629
#define ERROR_UNSUPPORTED_TYPE 1630
#define ERROR_CREATE_FAILED 1631
#define ERROR_SUCCESS_REBOOT_INITIATED 1641
#define ERROR_NOT_SAME_OBJECT 1656
#define ERROR_INVALID_USER_BUFFER 1784
#define ERROR_UNRECOGNIZED_MEDIA 1785
#define ERROR_NO_TRUST_LSA_SECRET 1786
#define ERROR_NO_TRUST_SAM_ACCOUNT 1787
#define ERROR_TRUSTED_DOMAIN_FAILURE 1788
#define ERROR_TRUSTED_RELATIONSHIP_FAILURE 1789
#define ERROR_TRUST_FAILURE 1790
#define ERROR_NETLOGON_NOT_STARTED 1792
#define ERROR_ACCOUNT_EXPIRED 1793
#define ERROR_REDIRECTOR_HAS_OPEN_HANDLES 1794
#define ERROR_UNKNOWN_PORT 1796
#define ERROR_UNKNOWN_PRINTER_DRIVER 1797
#define ERROR_INVALID_PRINTER_NAME 1801
#define ERROR_INVALID_DATATYPE 1804
#define ERROR_INVALID_ENVIRONMENT 1805
#define ERROR_RESOURCE_DATA_NOT_FOUND 1812
#define ERROR_RESOURCE_TYPE_NOT_FOUND 1813
#define ERROR_RESOURCE_NAME_NOT_FOUND 1814
#define ERROR_RESOURCE_LANG_NOT_FOUND 1815
#define ERROR_NOT_ENOUGH_QUOTA 1816
#define ERROR_INVALID_TIME 1901
#define ERROR_PASSWORD_MUST_CHANGE 1907
#define ERROR_DOMAIN_CONTROLLER_NOT_FOUND 1908
#define ERROR_ACCOUNT_LOCKED_OUT 1909
#define ERROR_INVALID_PIXEL_FORMAT 2000
#define ERROR_BAD_DRIVER 2001
#define ERROR_INVALID_WINDOW_STYLE 2002
#define ERROR_NOT_CONNECTED 2250
#define ERROR_OPEN_FILES 2401
#define ERROR_ACTIVE_CONNECTIONS 2402
#define ERROR_DEVICE_IN_USE 2404
#define ERROR_SUCCESS_REBOOT_REQUIRED 3010
#define ERROR_FILE_OFFLINE 4350
#define ERROR_NOT_A_REPARSE_POINT 4390
#define ERROR_INVALID_REPARSE_DATA 4392
#define ERROR_REPARSE_TAG_INVALID 4393
#define ERROR_RESOURCE_NOT_FOUND 5007

#endif /* COVIEW_WINDOWS_H */
