/* The interlocked operations give what Windows' do, on every width. Built as C and as C++, and with mingw's windows.h. */
#include <stdio.h>
#include <windows.h>

static int failures;

static void check(int holds, const char *what)
{
    if (!holds) {
        printf("failed: %s\n", what);
        failures++;
    }
}
#define CHECK(condition) check(!!(condition), #condition)

static void long_of_32_bits(void)
{
    volatile LONG value = -1;
    CHECK(InterlockedIncrement(&value) == 0);
    CHECK(InterlockedDecrement(&value) == -1);
    CHECK(InterlockedExchange(&value, 5) == -1);
    CHECK(InterlockedExchangeAdd(&value, 3) == 5);
    CHECK(InterlockedCompareExchange(&value, 1, 7) == 8);
    CHECK(InterlockedCompareExchange(&value, 1, 8) == 8);
    CHECK(InterlockedOr(&value, 6) == 1);
    CHECK(InterlockedAnd(&value, 3) == 7);
    CHECK(InterlockedXor(&value, 1) == 3);
    CHECK(value == 2);
    CHECK(InterlockedBitTestAndSet((LONG volatile *)&value, 31) == 0);
    CHECK(InterlockedBitTestAndSet((LONG volatile *)&value, 31) == 1);
    CHECK(InterlockedBitTestAndReset((LONG volatile *)&value, 31) == 1);
    CHECK(value == 2);
    value = 0x7fffffff;
    CHECK(InterlockedIncrement(&value) == (LONG)0x80000000);
}

static void sixty_four_bits(void)
{
    volatile LONG64 value = 0xffffffff;
    CHECK(InterlockedIncrement64(&value) == 0x100000000LL);
    CHECK(InterlockedDecrement64(&value) == 0xffffffffLL);
    CHECK(InterlockedExchangeAdd64(&value, 1) == 0xffffffffLL);
    CHECK(InterlockedExchange64(&value, -1) == 0x100000000LL);
    CHECK(InterlockedCompareExchange64(&value, 2, -1) == -1);
    CHECK(InterlockedOr64(&value, 4) == 2);
    CHECK(InterlockedAnd64(&value, 5) == 6);
    CHECK(InterlockedXor64(&value, 5) == 4);
    CHECK(value == 1);
}

static void smaller_ones_and_pointers(void)
{
    volatile SHORT value = -1;
    int first, second;
    PVOID volatile pointer = &first;
    CHECK(InterlockedIncrement16(&value) == 0);
    CHECK(InterlockedCompareExchange16(&value, 3, 0) == 0);
    CHECK(value == 3);
    CHECK(InterlockedExchangePointer(&pointer, &second) == &first);
    CHECK(InterlockedCompareExchangePointer(&pointer, NULL, &first) == &second);
    CHECK(InterlockedCompareExchangePointer(&pointer, NULL, &second) == &second);
    CHECK(pointer == NULL);
}

/* `long` is what source for Windows says; here it has 64 bits, and counts below zero in all of them. */
static void plain_long(void)
{
#if !defined(__STDC_VERSION__) || __STDC_VERSION__ >= 201112L
    volatile long value = 0;
    unsigned long plain = 1;
    CHECK(InterlockedDecrement(&value) == -1);
    CHECK(value == -1);
    CHECK(InterlockedExchange(&value, -7) == -1);
    CHECK(InterlockedCompareExchange(&value, 9, -7) == -7);
    CHECK(InterlockedExchangeAdd(&value, -10) == 9);
    CHECK(value == -1);
#ifndef __MINGW32__
    CHECK(InterlockedIncrement(&plain) == 2);
#endif
    (void)plain;
#endif
}

static void sixteen_bytes(void)
{
#ifndef __MINGW32__
    DECLSPEC_ALIGN(16) LONG64 volatile pair[2] = {1, 2};
    LONG64 comparand[2] = {1, 3};
    CHECK(InterlockedCompareExchange128(pair, 5, 4, comparand) == 0);
    CHECK(comparand[0] == 1 && comparand[1] == 2);
    CHECK(InterlockedCompareExchange128(pair, 5, 4, comparand) == 1);
    CHECK(pair[0] == 4 && pair[1] == 5);
#endif
}

int main(void)
{
    long_of_32_bits();
    sixty_four_bits();
    smaller_ones_and_pointers();
    plain_long();
    sixteen_bytes();
    MemoryBarrier();
    YieldProcessor();
    return failures != 0;
}
