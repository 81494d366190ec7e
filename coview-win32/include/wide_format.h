/*
 * wide_format.h - prints as the wide printf family of Windows does, for tchar.h and strsafe.h
 *
 * Linux's own wide functions have 32-bit characters. Here the format and %s are UTF-16, and what comes out is UTF-8,
 * which is converted back where the program wants UTF-16. Lengths are those of Windows: `l` means 32 bits for a number,
 * so that %lu is right for a DWORD; I64 and ll mean 64, I32 means 32, I and z mean the size of a pointer. %s and %c are
 * wide, %S and %C narrow; h and l (or w) say it outright. %n is ignored.
 */
#ifndef COVIEW_WIDE_FORMAT_H
#define COVIEW_WIDE_FORMAT_H

#include "windows.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where text goes: `length` counts all of it, and as much of it as fits is kept. */
struct coview_sink {
    char *text;
    size_t size;
    size_t length;
};

/* A va_list that can be handed on by address. */
struct coview_arguments {
    va_list list;
};

static __inline__ void coview_put(struct coview_sink *sink, const char *text, size_t length)
{
    size_t index;
    for (index = 0; index < length; index++, sink->length++)
        if (sink->length < sink->size)
            sink->text[sink->length] = text[index];
}

/* The UTF-8 of one character, which may take two units. Returns the units. */
static __inline__ size_t coview_encode(const WCHAR *text, size_t units, char bytes[4], size_t *length)
{
    unsigned unit = (unsigned short)text[0];
    int pair = unit >= 0xD800 && unit < 0xDC00 && units > 1 && (text[1] & 0xFC00) == 0xDC00;
    if (pair)
        unit = 0x10000 + ((unit & 0x3FF) << 10) + (unsigned)(text[1] & 0x3FF);
    else if (unit >= 0xD800 && unit < 0xE000)
        unit = 0xFFFD;
    *length = unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit < 0x10000 ? 3 : 4;
    switch (*length) {
    case 1:
        bytes[0] = (char)unit;
        break;
    case 2:
        bytes[0] = (char)(0xC0 | (unit >> 6));
        break;
    case 3:
        bytes[0] = (char)(0xE0 | (unit >> 12));
        bytes[1] = (char)(0x80 | ((unit >> 6) & 0x3F));
        break;
    default:
        bytes[0] = (char)(0xF0 | (unit >> 18));
        bytes[1] = (char)(0x80 | ((unit >> 12) & 0x3F));
        bytes[2] = (char)(0x80 | ((unit >> 6) & 0x3F));
        break;
    }
    if (*length > 1)
        bytes[*length - 1] = (char)(0x80 | (unit & 0x3F));
    return pair ? 2 : 1;
}

static __inline__ void coview_put_wide(struct coview_sink *sink, const WCHAR *text, size_t units)
{
    char bytes[4];
    size_t length;
    while (units > 0) {
        size_t taken = coview_encode(text, units, bytes, &length);
        coview_put(sink, bytes, length);
        text += taken;
        units -= taken;
    }
}

enum coview_length {
    coview_usual,
    coview_char,
    coview_short,
    coview_long,
    coview_64,
    coview_wide,
    coview_long_double
};

/* What stands between '%' and the conversion. */
struct coview_specification {
    char flags[8];
    int width;
    int precision;
    enum coview_length length;
};

static __inline__ int coview_number(const WCHAR **format, struct coview_arguments *arguments)
{
    int number = 0;
    if (**format == '*') {
        ++*format;
        return va_arg(arguments->list, int);
    }
    while (**format >= '0' && **format <= '9')
        number = number * 10 + (*(*format)++ - '0');
    return number;
}

static __inline__ enum coview_length coview_parse_length(const WCHAR **format)
{
    const WCHAR *at = *format;
    size_t taken = 1;
    enum coview_length length;
    if (at[0] == 'h' && at[1] == 'h')
        taken = 2, length = coview_char;
    else if (at[0] == 'h')
        length = coview_short;
    else if (at[0] == 'l' && at[1] == 'l')
        taken = 2, length = coview_64;
    else if (at[0] == 'l')
        length = coview_long;
    else if (at[0] == 'w')
        length = coview_wide;
    else if (at[0] == 'L')
        length = coview_long_double;
    else if (at[0] == 'I' && at[1] == '3' && at[2] == '2')
        taken = 3, length = coview_usual;
    else if (at[0] == 'I' && at[1] == '6' && at[2] == '4')
        taken = 3, length = coview_64;
    else if (at[0] == 'I' || at[0] == 'z' || at[0] == 'j' || at[0] == 't')
        length = coview_64;
    else
        taken = 0, length = coview_usual;
    *format += taken;
    return length;
}

static __inline__ struct coview_specification coview_parse(const WCHAR **format, struct coview_arguments *arguments)
{
    struct coview_specification specification = {{0}, 0, -1, coview_usual};
    size_t flags = 0;
    while (**format != 0 && **format < 128 && strchr("-+ #0", (char)**format)) {
        if (flags < sizeof(specification.flags) - 2)
            specification.flags[flags++] = (char)**format;
        ++*format;
    }
    specification.width = coview_number(format, arguments);
    if (specification.width < 0) {
        specification.width = -specification.width;
        specification.flags[flags++] = '-';
    }
    if (**format == '.') {
        ++*format;
        specification.precision = coview_number(format, arguments);
    }
    specification.length = coview_parse_length(format);
    return specification;
}

/* Puts text of some width, whose characters have been cut to the precision. */
static __inline__ void coview_put_padded(struct coview_sink *sink, const struct coview_specification *specification,
                                         const char *text, size_t length, size_t characters)
{
    size_t missing = (size_t)specification->width > characters ? (size_t)specification->width - characters : 0;
    int left = strchr(specification->flags, '-') != NULL;
    if (left)
        coview_put(sink, text, length);
    for (; missing > 0; missing--)
        coview_put(sink, " ", 1);
    if (!left)
        coview_put(sink, text, length);
}

static __inline__ void coview_put_wide_padded(struct coview_sink *sink,
                                              const struct coview_specification *specification, const WCHAR *text,
   size_t units)
{
    struct coview_sink measure = {NULL, 0, 0};
    struct coview_sink kept = {NULL, 0, 0};
    coview_put_wide(&measure, text, units);
    kept.size = measure.length;
    kept.text = (char *)malloc(measure.length + 1);
    if (kept.text == NULL)
        return;
    coview_put_wide(&kept, text, units);
    coview_put_padded(sink, specification, kept.text, kept.length, units);
    free(kept.text);
}

static __inline__ void coview_put_string(struct coview_sink *sink, const struct coview_specification *specification,
                                         int narrow, const void *text)
{
    static const WCHAR null[] = {'(', 'n', 'u', 'l', 'l', ')', 0};
    const WCHAR *wide = text == NULL ? null : (const WCHAR *)text;
    const char *bytes = (const char *)text;
    size_t limit = specification->precision < 0 ? (size_t)-1 : (size_t)specification->precision;
    size_t length = 0;
    if (narrow && text != NULL) {
        while (length < limit && bytes[length] != 0)
            length++;
        coview_put_padded(sink, specification, bytes, length, length);
        return;
    }
    while (length < limit && wide[length] != 0)
        length++;
    coview_put_wide_padded(sink, specification, wide, length);
}

/* Writes the format for the C library: what was parsed, and the length and conversion that are given. */
static __inline__ void coview_narrow_format(char format[64], const struct coview_specification *specification,
                                            const char *length, char conversion)
{
    if (specification->precision < 0)
        snprintf(format, 64, "%%%s%.0d%s%c", specification->flags, specification->width, length, conversion);
    else
        snprintf(format, 64, "%%%s%.0d.%d%s%c", specification->flags, specification->width, specification->precision,
                 length, conversion);
}

static __inline__ void coview_put_printed(struct coview_sink *sink, const char *text, size_t size, int length)
{
    if (length > 0)
        coview_put(sink, text, (size_t)length < size ? (size_t)length : size - 1);
}

static __inline__ void coview_put_integer(struct coview_sink *sink, const struct coview_specification *specification,
                                          char conversion, struct coview_arguments *arguments)
{
    char format[64], text[512];
    int is_signed = conversion == 'd' || conversion == 'i';
    long long value;
    if (specification->length == coview_64)
        value = va_arg(arguments->list, long long);
    else
        value = va_arg(arguments->list, int);
    if (specification->length == coview_char)
        value = is_signed ? (long long)(signed char)value : (long long)(unsigned char)value;
    else if (specification->length == coview_short)
        value = is_signed ? (long long)(short)value : (long long)(unsigned short)value;
    else if (specification->length != coview_64 && !is_signed)
        value = (long long)(unsigned)value;
    coview_narrow_format(format, specification, "ll", conversion);
    coview_put_printed(sink, text, sizeof(text), snprintf(text, sizeof(text), format, value));
}

static __inline__ void coview_put_real(struct coview_sink *sink, const struct coview_specification *specification,
                                       char conversion, struct coview_arguments *arguments)
{
    char format[64], text[512];
    long double value;
    if (specification->length == coview_long_double)
        value = va_arg(arguments->list, long double);
    else
        value = va_arg(arguments->list, double);
    coview_narrow_format(format, specification, "L", conversion);
    coview_put_printed(sink, text, sizeof(text), snprintf(text, sizeof(text), format, value));
}

static __inline__ void coview_put_character(struct coview_sink *sink, const struct coview_specification *specification,
                                            int narrow, int character)
{
    char byte = (char)character;
    WCHAR unit = (WCHAR)character;
    if (narrow)
        coview_put_padded(sink, specification, &byte, 1, 1);
    else
        coview_put_wide_padded(sink, specification, &unit, 1);
}

static __inline__ void coview_put_pointer(struct coview_sink *sink, const struct coview_specification *specification,
                                          const void *pointer)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%016llX", (unsigned long long)(uintptr_t)pointer);
    coview_put_padded(sink, specification, text, (size_t)length, (size_t)length);
}

/* Puts what one conversion says. */
static __inline__ void coview_convert(struct coview_sink *sink, const struct coview_specification *specification,
                                      WCHAR conversion, struct coview_arguments *arguments)
{
    int narrow = specification->length == coview_short;
    int wide = specification->length == coview_long || specification->length == coview_wide;
    switch (conversion) {
    case 'd': case 'i': case 'u': case 'o': case 'x': case 'X':
        coview_put_integer(sink, specification, (char)conversion, arguments);
        break;
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
        coview_put_real(sink, specification, (char)conversion, arguments);
        break;
    case 'c': case 'C':
        coview_put_character(sink, specification, narrow || (conversion == 'C' && !wide), va_arg(arguments->list, int));
        break;
    case 's': case 'S':
        coview_put_string(sink, specification, narrow || (conversion == 'S' && !wide), va_arg(arguments->list, void *));
        break;
    case 'p':
        coview_put_pointer(sink, specification, va_arg(arguments->list, void *));
        break;
    case 'n':
        (void)va_arg(arguments->list, void *);
        break;
    default:
        coview_put_wide(sink, &conversion, 1);
        break;
    }
}

/* Prints into at most `size` bytes, without an end. Returns: the bytes that all of it takes. */
static __inline__ size_t coview_wide_format(char *text, size_t size, const WCHAR *format, va_list list)
{
    struct coview_sink sink = {NULL, 0, 0};
    struct coview_arguments arguments;
    sink.text = text;
    sink.size = size;
    va_copy(arguments.list, list);
    while (*format != 0) {
        const WCHAR *plain = format;
        while (*format != 0 && *format != '%')
            format++;
        coview_put_wide(&sink, plain, (size_t)(format - plain));
        if (*format == '%') {
            struct coview_specification specification;
            format++;
            specification = coview_parse(&format, &arguments);
            if (*format != 0)
                coview_convert(&sink, &specification, *format++, &arguments);
        }
    }
    va_end(arguments.list);
    return sink.length;
}

/* Prints into memory of the right size, with an end, to be freed. Returns: NULL if there is none. */
static __inline__ char *coview_wide_format_new(const WCHAR *format, va_list list)
{
    size_t length = coview_wide_format(NULL, 0, format, list);
    char *text = (char *)malloc(length + 1);
    if (text != NULL) {
        coview_wide_format(text, length, format, list);
        text[length] = 0;
    }
    return text;
}

/* Prints to a file, as UTF-8. Returns: the bytes; -1 on failure. */
static __inline__ int coview_vfwprintf(FILE *file, const WCHAR *format, va_list list)
{
    char *text = coview_wide_format_new(format, list);
    int length = text == NULL || fputs(text, file) < 0 ? -1 : (int)strlen(text);
    free(text);
    return length;
}

/*
 * Prints as UTF-16 into at most `size` units, always with an end unless size is 0. Returns: the units without the end;
 * -1 if they do not fit, with as many as do.
 */
static __inline__ int coview_vsnwprintf(WCHAR *buffer, size_t size, const WCHAR *format, va_list list)
{
    char *text = coview_wide_format_new(format, list);
    int units = text == NULL ? 0 : MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    WCHAR *wide = units == 0 ? NULL : (WCHAR *)malloc((size_t)units * sizeof(WCHAR));
    size_t kept = 0;
    if (wide != NULL) {
        MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, units);
        kept = (size_t)units <= size ? (size_t)units - 1 : size == 0 ? 0 : size - 1;
        memcpy(buffer, wide, kept * sizeof(WCHAR));
    }
    if (size > 0)
        buffer[kept] = 0;
    free(text);
    free(wide);
    return wide != NULL && (size_t)units <= size ? units - 1 : -1;
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* COVIEW_WIDE_FORMAT_H */
