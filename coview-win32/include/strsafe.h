/*
 * strsafe.h - copies and prints text into a buffer whose size is known, always with an end
 *
 * Cch functions count characters, Cb functions bytes. The ...Ex functions are left out.
 * Returns: S_OK; STRSAFE_E_INSUFFICIENT_BUFFER if the text was cut; STRSAFE_E_INVALID_PARAMETER for a size of 0 or more
 * than STRSAFE_MAX_CCH, or a buffer without an end where one is needed.
 */
#ifndef COVIEW_STRSAFE_H
#define COVIEW_STRSAFE_H

#include "wide_format.h"
#include "windows.h"

#include <stdio.h>

#define STRSAFE_MAX_CCH 2147483647
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)
#define STRSAFE_E_END_OF_FILE ((HRESULT)0x80070026)
typedef char *STRSAFE_LPSTR;
typedef const char *STRSAFE_LPCSTR;
typedef WCHAR *STRSAFE_LPWSTR;
typedef const WCHAR *STRSAFE_LPCWSTR;

#ifdef __cplusplus
extern "C" {
#endif

static __inline__ int coview_size_is_bad(size_t size)
{
    return size == 0 || size > STRSAFE_MAX_CCH;
}

/* StringCchLength - the length, if an end is found within the size. */
static __inline__ HRESULT StringCchLengthA(STRSAFE_LPCSTR psz, size_t cchMax, size_t *pcchLength)
{
    size_t length = 0;
    if (pcchLength != NULL)
        *pcchLength = 0;
    if (psz == NULL || coview_size_is_bad(cchMax))
        return STRSAFE_E_INVALID_PARAMETER;
    while (length < cchMax && psz[length] != 0)
        length++;
    if (length == cchMax)
        return STRSAFE_E_INVALID_PARAMETER;
    if (pcchLength != NULL)
        *pcchLength = length;
    return S_OK;
}

static __inline__ HRESULT StringCchLengthW(STRSAFE_LPCWSTR psz, size_t cchMax, size_t *pcchLength)
{
    size_t length = 0;
    if (pcchLength != NULL)
        *pcchLength = 0;
    if (psz == NULL || coview_size_is_bad(cchMax))
        return STRSAFE_E_INVALID_PARAMETER;
    while (length < cchMax && psz[length] != 0)
        length++;
    if (length == cchMax)
        return STRSAFE_E_INVALID_PARAMETER;
    if (pcchLength != NULL)
        *pcchLength = length;
    return S_OK;
}

/* StringCchCopyN - copies at most cchToCopy characters. StringCchCopy - copies all. */
static __inline__ HRESULT StringCchCopyNA(STRSAFE_LPSTR pszDest, size_t cchDest, STRSAFE_LPCSTR pszSrc,
                                          size_t cchToCopy)
{
    size_t index = 0;
    if (coview_size_is_bad(cchDest))
        return STRSAFE_E_INVALID_PARAMETER;
    for (; index < cchToCopy && pszSrc[index] != 0 && index < cchDest - 1; index++)
        pszDest[index] = pszSrc[index];
    pszDest[index] = 0;
    return index == cchToCopy || pszSrc[index] == 0 ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static __inline__ HRESULT StringCchCopyNW(STRSAFE_LPWSTR pszDest, size_t cchDest, STRSAFE_LPCWSTR pszSrc,
                                          size_t cchToCopy)
{
    size_t index = 0;
    if (coview_size_is_bad(cchDest))
        return STRSAFE_E_INVALID_PARAMETER;
    for (; index < cchToCopy && pszSrc[index] != 0 && index < cchDest - 1; index++)
        pszDest[index] = pszSrc[index];
    pszDest[index] = 0;
    return index == cchToCopy || pszSrc[index] == 0 ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static __inline__ HRESULT StringCchCopyA(STRSAFE_LPSTR pszDest, size_t cchDest, STRSAFE_LPCSTR pszSrc)
{
    return StringCchCopyNA(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

static __inline__ HRESULT StringCchCopyW(STRSAFE_LPWSTR pszDest, size_t cchDest, STRSAFE_LPCWSTR pszSrc)
{
    return StringCchCopyNW(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

/* StringCchCatN - puts at most cchToAppend characters behind the text that is there. StringCchCat - puts all. */
static __inline__ HRESULT StringCchCatNA(STRSAFE_LPSTR pszDest, size_t cchDest, STRSAFE_LPCSTR pszSrc,
                                         size_t cchToAppend)
{
    size_t length;
    HRESULT result = StringCchLengthA(pszDest, cchDest, &length);
    return FAILED(result) ? result : StringCchCopyNA(pszDest + length, cchDest - length, pszSrc, cchToAppend);
}

static __inline__ HRESULT StringCchCatNW(STRSAFE_LPWSTR pszDest, size_t cchDest, STRSAFE_LPCWSTR pszSrc,
                                         size_t cchToAppend)
{
    size_t length;
    HRESULT result = StringCchLengthW(pszDest, cchDest, &length);
    return FAILED(result) ? result : StringCchCopyNW(pszDest + length, cchDest - length, pszSrc, cchToAppend);
}

static __inline__ HRESULT StringCchCatA(STRSAFE_LPSTR pszDest, size_t cchDest, STRSAFE_LPCSTR pszSrc)
{
    return StringCchCatNA(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

static __inline__ HRESULT StringCchCatW(STRSAFE_LPWSTR pszDest, size_t cchDest, STRSAFE_LPCWSTR pszSrc)
{
    return StringCchCatNW(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

/* StringCchVPrintf, StringCchPrintf - prints: the A form as printf of Linux does, the W form as in wide_format.h. */
static __inline__ HRESULT StringCchVPrintfA(STRSAFE_LPSTR pszDest, size_t cchDest, STRSAFE_LPCSTR pszFormat,
                                            va_list argList)
{
    int length;
    if (coview_size_is_bad(cchDest))
        return STRSAFE_E_INVALID_PARAMETER;
    length = vsnprintf(pszDest, cchDest, pszFormat, argList);
    return length >= 0 && (size_t)length < cchDest ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static __inline__ HRESULT StringCchVPrintfW(STRSAFE_LPWSTR pszDest, size_t cchDest, STRSAFE_LPCWSTR pszFormat,
                                            va_list argList)
{
    if (coview_size_is_bad(cchDest))
        return STRSAFE_E_INVALID_PARAMETER;
    return coview_vsnwprintf(pszDest, cchDest, pszFormat, argList) >= 0 ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static __inline__ __attribute__((__format__(__printf__, 3, 4))) HRESULT
StringCchPrintfA(STRSAFE_LPSTR pszDest, size_t cchDest, STRSAFE_LPCSTR pszFormat, ...)
{
    va_list list;
    HRESULT result;
    va_start(list, pszFormat);
    result = StringCchVPrintfA(pszDest, cchDest, pszFormat, list);
    va_end(list);
    return result;
}

static __inline__ HRESULT StringCchPrintfW(STRSAFE_LPWSTR pszDest, size_t cchDest, STRSAFE_LPCWSTR pszFormat, ...)
{
    va_list list;
    HRESULT result;
    va_start(list, pszFormat);
    result = StringCchVPrintfW(pszDest, cchDest, pszFormat, list);
    va_end(list);
    return result;
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#define StringCchLength COVIEW_NAME(StringCchLength)
#define StringCchCopy COVIEW_NAME(StringCchCopy)
#define StringCchCopyN COVIEW_NAME(StringCchCopyN)
#define StringCchCat COVIEW_NAME(StringCchCat)
#define StringCchCatN COVIEW_NAME(StringCchCatN)
#define StringCchVPrintf COVIEW_NAME(StringCchVPrintf)
#define StringCchPrintf COVIEW_NAME(StringCchPrintf)

#define StringCbCopyA StringCchCopyA
#define StringCbCopyW(pszDest, cbDest, pszSrc) StringCchCopyW(pszDest, (cbDest) / sizeof(WCHAR), pszSrc)
#define StringCbCatA StringCchCatA
#define StringCbCatW(pszDest, cbDest, pszSrc) StringCchCatW(pszDest, (cbDest) / sizeof(WCHAR), pszSrc)
#define StringCbPrintfA StringCchPrintfA
#define StringCbPrintfW(pszDest, cbDest, ...) StringCchPrintfW(pszDest, (cbDest) / sizeof(WCHAR), __VA_ARGS__)
#define StringCbCopy COVIEW_NAME(StringCbCopy)
#define StringCbCat COVIEW_NAME(StringCbCat)
#define StringCbPrintf COVIEW_NAME(StringCbPrintf)

#endif /* COVIEW_STRSAFE_H */
