// With -fshort-wchar the string functions and std::wstring count characters of 16 bits. Needs nothing of the library.
#include <algorithm>
#include <cstdio>
#include <cwchar>
#include <map>
#include <string>

#include <windows.h>

static int failures;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            std::printf("line %d: %s\n", __LINE__, #condition); \
            failures++; \
        } \
    } while (0)

static_assert(sizeof(wchar_t) == 2, "needs -fshort-wchar");

static void functions()
{
    wchar_t buffer[16];
    std::wmemset(buffer, L'#', 16);
    CHECK(std::wcslen(L"seven..") == 7 && wcsnlen(L"seven..", 3) == 3 && std::wcslen(L"") == 0);
    CHECK(std::wcscpy(buffer, L"one") == buffer && buffer[3] == 0 && buffer[4] == L'#');
    CHECK(std::wcscat(buffer, L"two") == buffer && std::wcscmp(buffer, L"onetwo") == 0 && buffer[7] == L'#');
    CHECK(std::wcsncat(buffer, L"three", 2) == buffer && std::wcscmp(buffer, L"onetwoth") == 0 && buffer[9] == L'#');
    CHECK(std::wcsncpy(buffer, L"ab", 4) == buffer && buffer[3] == 0 && buffer[4] == L'w');
    CHECK(std::wcscmp(L"a", L"b") < 0 && std::wcscmp(L"\xFFFE", L"b") > 0 && std::wcsncmp(L"abc", L"abd", 2) == 0);
    CHECK(std::wcschr(L"abca", L'a')[1] == L'b' && std::wcschr(L"abc", L'x') == nullptr);
    CHECK(*std::wcschr(L"abc", 0) == 0);
    CHECK(std::wcsrchr(L"abca", L'a')[1] == 0 && std::wcsrchr(L"abc", L'x') == nullptr);
    CHECK(std::wcsstr(L"aabc", L"abc")[3] == 0 && std::wcsstr(L"abc", L"") != nullptr);
    CHECK(std::wcsstr(L"a", L"b") == nullptr);
    CHECK(std::wcsspn(L"aabc", L"ab") == 3 && std::wcscspn(L"aabc", L"cb") == 2 && std::wcscspn(L"aa", L"x") == 2);
    CHECK(*std::wcspbrk(L"aabc", L"cb") == L'b' && std::wcspbrk(L"aa", L"x") == nullptr);
    CHECK(std::wmemcmp(L"abc", L"abd", 2) == 0 && std::wmemcmp(L"abc", L"abd", 3) < 0);
    CHECK(std::wmemchr(L"abc", L'c', 2) == nullptr && *std::wmemchr(L"abc", L'c', 3) == L'c');
    std::wcscpy(buffer, L"abcdef");
    CHECK(std::wmemmove(buffer + 1, buffer, 3) == buffer + 1 && std::wcscmp(buffer, L"aabcef") == 0);
    CHECK(std::wmemcpy(buffer, L"xy", 2) == buffer && std::wcscmp(buffer, L"xybcef") == 0);
}

static void strings()
{
    std::wstring text = L"abcdefgh";
    text += L"ijk";
    text.append(40, L'x');
    CHECK(text.size() == 51 && text.find(L"ijk") == 8 && text.find(L'x') == 11 && text.substr(3, 5) == L"defgh");
    CHECK(text.compare(0, 3, L"abd") < 0 && text.find_first_of(L"kx") == 10 && text.rfind(L'a') == 0);
    std::map<std::wstring, int> order = {{L"two", 2}, {L"one", 1}};
    CHECK(order.begin()->second == 1 && order.count(L"two") == 1);
    std::replace(text.begin(), text.end(), L'x', L'y');
    CHECK(std::wcslen(text.c_str()) == 51 && text.back() == L'y');
}

int main()
{
    functions();
    strings();
    return failures != 0;
}
