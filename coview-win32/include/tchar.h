/*
 * tchar.h - text that is narrow or, if _UNICODE is defined, wide (UTF-16)
 *
 * The narrow names are the C library's functions. The wide ones are here, because the C library's own wide characters
 * have 32 bits. Wide printing is described in wide_format.h; it goes out as UTF-8. Wide _fgetts, _tfopen, _tscanf,
 * _ttoi and the like are left out.
 */
#ifndef COVIEW_TCHAR_H
#define COVIEW_TCHAR_H

#include "windows.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#ifdef _UNICODE
#include "wide_format.h"

#if __SIZEOF_WCHAR_T__ == 2
#define __T(quote) L##quote
#else
#define __T(quote) u##quote
#endif
typedef WCHAR _TCHAR;
typedef WCHAR _TSCHAR, _TUCHAR, _TXCHAR;
typedef int _TINT;

#ifdef __cplusplus
extern "C" {
#endif

static __inline__ size_t _tcslen(const WCHAR *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

static __inline__ size_t _tcsnlen(const WCHAR *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] != 0)
        length++;
    return length;
}

static __inline__ WCHAR *_tcscpy(WCHAR *destination, const WCHAR *source)
{
    memcpy(destination, source, (_tcslen(source) + 1) * sizeof(WCHAR));
    return destination;
}

static __inline__ WCHAR *_tcsncpy(WCHAR *destination, const WCHAR *source, size_t count)
{
    size_t length = _tcsnlen(source, count);
    memcpy(destination, source, length * sizeof(WCHAR));
    memset(destination + length, 0, (count - length) * sizeof(WCHAR));
    return destination;
}

static __inline__ WCHAR *_tcscat(WCHAR *destination, const WCHAR *source)
{
    _tcscpy(destination + _tcslen(destination), source);
    return destination;
}

static __inline__ WCHAR *_tcsncat(WCHAR *destination, const WCHAR *source, size_t count)
{
    WCHAR *end = destination + _tcslen(destination);
    size_t length = _tcsnlen(source, count);
    memcpy(end, source, length * sizeof(WCHAR));
    end[length] = 0;
    return destination;
}

static __inline__ int _tcsncmp(const WCHAR *first, const WCHAR *second, size_t count)
{
    for (; count > 0; first++, second++, count--)
        if (*first != *second || *first == 0)
            return (*first > *second) - (*first < *second);
    return 0;
}

static __inline__ int _tcscmp(const WCHAR *first, const WCHAR *second)
{
    return _tcsncmp(first, second, (size_t)-1);
}

/* Upper and lower case are taken as equal for the letters of ASCII. */
static __inline__ int _tcsnicmp(const WCHAR *first, const WCHAR *second, size_t count)
{
    for (; count > 0; first++, second++, count--) {
        WCHAR one = *first >= 'A' && *first <= 'Z' ? (WCHAR)(*first + 32) : *first;
        WCHAR two = *second >= 'A' && *second <= 'Z' ? (WCHAR)(*second + 32) : *second;
        if (one != two || one == 0)
            return (one > two) - (one < two);
    }
    return 0;
}

static __inline__ int _tcsicmp(const WCHAR *first, const WCHAR *second)
{
    return _tcsnicmp(first, second, (size_t)-1);
}

static __inline__ WCHAR *_tcschr(const WCHAR *text, WCHAR character)
{
    for (; *text != character; text++)
        if (*text == 0)
            return NULL;
    return (WCHAR *)text;
}

static __inline__ WCHAR *_tcsrchr(const WCHAR *text, WCHAR character)
{
    const WCHAR *at = text + _tcslen(text);
    for (; *at != character; at--)
        if (at == text)
            return NULL;
    return (WCHAR *)at;
}

static __inline__ WCHAR *_tcsstr(const WCHAR *text, const WCHAR *part)
{
    size_t length = _tcslen(part);
    for (; _tcsncmp(text, part, length) != 0; text++)
        if (*text == 0)
            return NULL;
    return (WCHAR *)text;
}

static __inline__ WCHAR *_tcsdup(const WCHAR *text)
{
    WCHAR *copy = (WCHAR *)malloc((_tcslen(text) + 1) * sizeof(WCHAR));
    return copy == NULL ? NULL : _tcscpy(copy, text);
}

static __inline__ int _vtprintf(const WCHAR *format, va_list list)
{
    return coview_vfwprintf(stdout, format, list);
}

static __inline__ int _vftprintf(FILE *file, const WCHAR *format, va_list list)
{
    return coview_vfwprintf(file, format, list);
}

static __inline__ int _tprintf(const WCHAR *format, ...)
{
    va_list list;
    int length;
    va_start(list, format);
    length = coview_vfwprintf(stdout, format, list);
    va_end(list);
    return length;
}

static __inline__ int _ftprintf(FILE *file, const WCHAR *format, ...)
{
    va_list list;
    int length;
    va_start(list, format);
    length = coview_vfwprintf(file, format, list);
    va_end(list);
    return length;
}

/* The size is a count of characters. Unlike Windows', the text that is cut has an end. Returns: -1 if it was cut. */
static __inline__ int _vsntprintf(WCHAR *buffer, size_t size, const WCHAR *format, va_list list)
{
    return coview_vsnwprintf(buffer, size, format, list);
}

static __inline__ int _sntprintf(WCHAR *buffer, size_t size, const WCHAR *format, ...)
{
    va_list list;
    int length;
    va_start(list, format);
    length = coview_vsnwprintf(buffer, size, format, list);
    va_end(list);
    return length;
}

/* As on Windows, nothing tells these how long the buffer is. */
static __inline__ int _vstprintf(WCHAR *buffer, const WCHAR *format, va_list list)
{
    return coview_vsnwprintf(buffer, INT_MAX, format, list);
}

static __inline__ int _stprintf(WCHAR *buffer, const WCHAR *format, ...)
{
    va_list list;
    int length;
    va_start(list, format);
    length = coview_vsnwprintf(buffer, INT_MAX, format, list);
    va_end(list);
    return length;
}

static __inline__ int _fputts(const WCHAR *text, FILE *file)
{
    static const WCHAR format[] = {'%', 's', 0};
    return _ftprintf(file, format, text);
}

static __inline__ int _putts(const WCHAR *text)
{
    static const WCHAR format[] = {'%', 's', '\n', 0};
    return _ftprintf(stdout, format, text);
}

/*
 * _tmain. Linux starts main: it converts the arguments and calls the program's function under the name wmain, whatever
 * parameters that has.
 */
int coview_wmain(int count, WCHAR **arguments, WCHAR **environment) __asm__("wmain");

static __inline__ int coview_start_wmain(int count, char **arguments)
{
    WCHAR **wide = (WCHAR **)calloc((size_t)count + 1, sizeof(WCHAR *));
    WCHAR *none = NULL;
    int index;
    for (index = 0; wide != NULL && index < count; index++) {
        int units = MultiByteToWideChar(CP_UTF8, 0, arguments[index], -1, NULL, 0);
        wide[index] = (WCHAR *)calloc((size_t)units + 1, sizeof(WCHAR));
        if (wide[index] == NULL)
            return 255;
        MultiByteToWideChar(CP_UTF8, 0, arguments[index], -1, wide[index], units);
    }
    return wide == NULL ? 255 : coview_wmain(count, wide, &none);
}

#define _tmain \
    main(int coview_count, char **coview_arguments) \
    { \
        return coview_start_wmain(coview_count, coview_arguments); \
    } \
    EXTERN_C int wmain

#ifdef __cplusplus
} /* extern "C" */
#endif

#define _tcsclen _tcslen

#else /* narrow */

#define __T(quote) quote
typedef char _TCHAR;
typedef signed char _TSCHAR;
typedef unsigned char _TUCHAR;
typedef char _TXCHAR;
typedef int _TINT;

#define _tmain main
#define _tcslen strlen
#define _tcsclen strlen
#define _tcsnlen strnlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcsncat strncat
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp strcasecmp
#define _tcsnicmp strncasecmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcstok strtok
#define _tcsdup strdup
#define _tprintf printf
#define _ftprintf fprintf
#define _stprintf sprintf
#define _sntprintf snprintf
#define _vtprintf vprintf
#define _vftprintf vfprintf
#define _vstprintf vsprintf
#define _vsntprintf vsnprintf
#define _tscanf scanf
#define _stscanf sscanf
#define _ftscanf fscanf
#define _putts puts
#define _fputts fputs
#define _fgetts fgets
#define _puttchar putchar
#define _gettchar getchar
#define _tfopen fopen
#define _tremove remove
#define _trename rename
#define _tsystem system
#define _tgetenv getenv
#define _ttoi atoi
#define _ttol atol
#define _ttoi64 atoll
#define _tstoi atoi
#define _tstol atol
#define _tstof atof
#define _tcstol strtol
#define _tcstoul strtoul
#define _tcstod strtod
#define _tcstoi64 strtoll
#define _tcstoui64 strtoull
#define _istalpha isalpha
#define _istdigit isdigit
#define _istspace isspace
#define _istalnum isalnum
#define _totupper toupper
#define _totlower tolower
#endif

#define _T(quote) __T(quote)
#define _TEXT(quote) __T(quote)

#endif /* COVIEW_TCHAR_H */
