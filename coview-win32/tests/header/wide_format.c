/* The wide printf functions print as Windows' do. Needs nothing of the library. */
#include <stdio.h>
#include <string.h>
#include <tchar.h>
#include <wide_format.h>

static int failures;

static void check(const char *expected, const WCHAR *format, ...)
{
    char text[256];
    size_t length;
    va_list list;
    va_start(list, format);
    length = coview_wide_format(text, sizeof(text) - 1, format, list);
    va_end(list);
    text[length < sizeof(text) ? length : sizeof(text) - 1] = 0;
    if (strcmp(text, expected) != 0) {
        printf("expected <%s>, got <%s>\n", expected, text);
        failures++;
    }
}

int main(void)
{
    check("error 5 (-1)", TEXT("error %lu (%ld)"), (DWORD)5, (LONG)-1);
    check("4294967295 ffffffff FF", TEXT("%u %lx %X"), 0xffffffffu, (DWORD)0xffffffff, 255);
    check("-5000000000 5000000000", TEXT("%I64d %llu"), -5000000000LL, 5000000000ULL);
    check("  7|7  |007", TEXT("%3d|%-3d|%03d"), 7, 7, 7);
    check("   7|7   |.", TEXT("%*d|%*d|."), 4, 7, -4, 7);
    check("wide narrow both", TEXT("%s %S %hs"), TEXT("wide"), "narrow", "both");
    check("  ab|ab  |abc", TEXT("%4s|%-4.2s|%.3s"), TEXT("ab"), TEXT("abcd"), TEXT("abcdef"));
    check("xy", TEXT("%c%C"), 'x', 'y');
    check("1.50 2e+00", TEXT("%.2f %.0e"), 1.5, 2.0);
    check("00000000DEADBEEF", TEXT("%p"), (void *)0xDEADBEEF);
    check("100% (null)", TEXT("100%% %s"), NULL);
    check("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80", TEXT("gr\u00fc\u00df %s"), TEXT("\u20ac \U0001F600"));
    return failures != 0;
}
