/*
 * wchar.h - the C library's own; with -fshort-wchar, what it has for strings in UTF-16
 *
 * The C library's functions take wide characters for 32 bits. In a program that is compiled with -fshort-wchar these
 * ones take their place, under their names, for the program itself and what is linked into it. std::wstring stands on
 * them too, from -std=c++20 on, and before with -D_GLIBCXX_ASSERTIONS: then no part of it is taken ready-made from the
 * library of C++. wcscoll and the like, and reading, printing and converting wide text, stay the C library's and must
 * not be called; tchar.h has what there is.
 */
#ifndef COVIEW_WCHAR_H
#pragma GCC system_header

#if __SIZEOF_WCHAR_T__ != 2
#include_next <wchar.h>
#else

/* A checked wmemcpy would count in the C library's characters. */
#include <features.h>
#pragma push_macro("__USE_FORTIFY_LEVEL")
#undef __USE_FORTIFY_LEVEL
#include_next <wchar.h>
#pragma pop_macro("__USE_FORTIFY_LEVEL")

/* Some headers ask for a part of wchar.h only, and for all of it later; and the next one may be this one again. */
#if defined(_WCHAR_H) && !defined(COVIEW_WCHAR_H)
#define COVIEW_WCHAR_H

#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The function has a name of its own for the compiler, and the C library's for the linker: each object of the program
   has it, one is taken, and nobody outside the program sees it. */
#define COVIEW_WIDE(name) __asm__(#name) __attribute__((__weak__, __visibility__("hidden")))

size_t coview_wcslen(const wchar_t *text) COVIEW_WIDE(wcslen);
size_t coview_wcsnlen(const wchar_t *text, size_t size) COVIEW_WIDE(wcsnlen);
wchar_t *coview_wcscpy(wchar_t *destination, const wchar_t *source) COVIEW_WIDE(wcscpy);
wchar_t *coview_wcsncpy(wchar_t *destination, const wchar_t *source, size_t count) COVIEW_WIDE(wcsncpy);
wchar_t *coview_wcscat(wchar_t *destination, const wchar_t *source) COVIEW_WIDE(wcscat);
wchar_t *coview_wcsncat(wchar_t *destination, const wchar_t *source, size_t count) COVIEW_WIDE(wcsncat);
int coview_wcscmp(const wchar_t *first, const wchar_t *second) COVIEW_WIDE(wcscmp);
int coview_wcsncmp(const wchar_t *first, const wchar_t *second, size_t count) COVIEW_WIDE(wcsncmp);
wchar_t *coview_wcschr(const wchar_t *text, wchar_t character) COVIEW_WIDE(wcschr);
wchar_t *coview_wcsrchr(const wchar_t *text, wchar_t character) COVIEW_WIDE(wcsrchr);
wchar_t *coview_wcsstr(const wchar_t *text, const wchar_t *part) COVIEW_WIDE(wcsstr);
size_t coview_wcsspn(const wchar_t *text, const wchar_t *set) COVIEW_WIDE(wcsspn);
size_t coview_wcscspn(const wchar_t *text, const wchar_t *set) COVIEW_WIDE(wcscspn);
wchar_t *coview_wcspbrk(const wchar_t *text, const wchar_t *set) COVIEW_WIDE(wcspbrk);
wchar_t *coview_wcsdup(const wchar_t *text) COVIEW_WIDE(wcsdup);
wchar_t *coview_wmemcpy(wchar_t *destination, const wchar_t *source, size_t count) COVIEW_WIDE(wmemcpy);
wchar_t *coview_wmemmove(wchar_t *destination, const wchar_t *source, size_t count) COVIEW_WIDE(wmemmove);
wchar_t *coview_wmemset(wchar_t *destination, wchar_t character, size_t count) COVIEW_WIDE(wmemset);
int coview_wmemcmp(const wchar_t *first, const wchar_t *second, size_t count) COVIEW_WIDE(wmemcmp);
wchar_t *coview_wmemchr(const wchar_t *text, wchar_t character, size_t count) COVIEW_WIDE(wmemchr);

size_t coview_wcslen(const wchar_t *text)
{
    size_t length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

size_t coview_wcsnlen(const wchar_t *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] != 0)
        length++;
    return length;
}

wchar_t *coview_wmemcpy(wchar_t *destination, const wchar_t *source, size_t count)
{
    return (wchar_t *)memcpy(destination, source, count * sizeof(wchar_t));
}

wchar_t *coview_wmemmove(wchar_t *destination, const wchar_t *source, size_t count)
{
    return (wchar_t *)memmove(destination, source, count * sizeof(wchar_t));
}

wchar_t *coview_wmemset(wchar_t *destination, wchar_t character, size_t count)
{
    size_t index;
    for (index = 0; index < count; index++)
        destination[index] = character;
    return destination;
}

int coview_wmemcmp(const wchar_t *first, const wchar_t *second, size_t count)
{
    for (; count > 0; first++, second++, count--)
        if (*first != *second)
            return *first < *second ? -1 : 1;
    return 0;
}

wchar_t *coview_wmemchr(const wchar_t *text, wchar_t character, size_t count)
{
    for (; count > 0; text++, count--)
        if (*text == character)
            return (wchar_t *)text;
    return NULL;
}

wchar_t *coview_wcscpy(wchar_t *destination, const wchar_t *source)
{
    return coview_wmemcpy(destination, source, coview_wcslen(source) + 1);
}

wchar_t *coview_wcsncpy(wchar_t *destination, const wchar_t *source, size_t count)
{
    size_t length = coview_wcsnlen(source, count);
    coview_wmemcpy(destination, source, length);
    coview_wmemset(destination + length, 0, count - length);
    return destination;
}

wchar_t *coview_wcscat(wchar_t *destination, const wchar_t *source)
{
    coview_wcscpy(destination + coview_wcslen(destination), source);
    return destination;
}

wchar_t *coview_wcsncat(wchar_t *destination, const wchar_t *source, size_t count)
{
    wchar_t *end = destination + coview_wcslen(destination);
    size_t length = coview_wcsnlen(source, count);
    coview_wmemcpy(end, source, length);
    end[length] = 0;
    return destination;
}

int coview_wcsncmp(const wchar_t *first, const wchar_t *second, size_t count)
{
    for (; count > 0; first++, second++, count--)
        if (*first != *second || *first == 0)
            return (*first > *second) - (*first < *second);
    return 0;
}

int coview_wcscmp(const wchar_t *first, const wchar_t *second)
{
    return coview_wcsncmp(first, second, (size_t)-1);
}

wchar_t *coview_wcschr(const wchar_t *text, wchar_t character)
{
    return coview_wmemchr(text, character, coview_wcslen(text) + 1);
}

wchar_t *coview_wcsrchr(const wchar_t *text, wchar_t character)
{
    size_t index = coview_wcslen(text) + 1;
    while (index-- > 0)
        if (text[index] == character)
            return (wchar_t *)text + index;
    return NULL;
}

wchar_t *coview_wcsstr(const wchar_t *text, const wchar_t *part)
{
    size_t length = coview_wcslen(part);
    for (; coview_wcsncmp(text, part, length) != 0; text++)
        if (*text == 0)
            return NULL;
    return (wchar_t *)text;
}

size_t coview_wcsspn(const wchar_t *text, const wchar_t *set)
{
    size_t length = 0;
    while (text[length] != 0 && coview_wcschr(set, text[length]) != NULL)
        length++;
    return length;
}

/* The end of the set is in the set, and so the end of the text ends the search. */
size_t coview_wcscspn(const wchar_t *text, const wchar_t *set)
{
    size_t length = 0;
    while (coview_wcschr(set, text[length]) == NULL)
        length++;
    return length;
}

wchar_t *coview_wcspbrk(const wchar_t *text, const wchar_t *set)
{
    text += coview_wcscspn(text, set);
    return *text == 0 ? NULL : (wchar_t *)text;
}

wchar_t *coview_wcsdup(const wchar_t *text)
{
    size_t size = coview_wcslen(text) + 1;
    wchar_t *copy = (wchar_t *)malloc(size * sizeof(wchar_t));
    return copy == NULL ? NULL : coview_wmemcpy(copy, text, size);
}

#undef COVIEW_WIDE

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* _WCHAR_H */
#endif /* __SIZEOF_WCHAR_T__ == 2 */
#endif /* COVIEW_WCHAR_H */
