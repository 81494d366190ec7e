/*
 * intrin.h - the functions that Microsoft's compiler has built in, as far as the other headers do not have them
 *
 * Vector instructions are in <immintrin.h>, as for every compiler; __cpuid is in <cpuid.h>, with other parameters.
 */
#ifndef COVIEW_INTRIN_H
#define COVIEW_INTRIN_H

#include "windows.h"

#ifdef __x86_64__
#include <x86intrin.h>
#endif

#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedIncrement16 InterlockedIncrement16
#define _InterlockedIncrement64 InterlockedIncrement64
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedDecrement16 InterlockedDecrement16
#define _InterlockedDecrement64 InterlockedDecrement64
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchange8 InterlockedExchange8
#define _InterlockedExchange16 InterlockedExchange16
#define _InterlockedExchange64 InterlockedExchange64
#define _InterlockedExchangePointer InterlockedExchangePointer
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedExchangeAdd8 InterlockedExchangeAdd8
#define _InterlockedExchangeAdd16 InterlockedExchangeAdd16
#define _InterlockedExchangeAdd64 InterlockedExchangeAdd64
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedCompareExchange8 InterlockedCompareExchange8
#define _InterlockedCompareExchange16 InterlockedCompareExchange16
#define _InterlockedCompareExchange64 InterlockedCompareExchange64
#define _InterlockedCompareExchange128 InterlockedCompareExchange128
#define _InterlockedCompareExchangePointer InterlockedCompareExchangePointer
#define _InterlockedAnd InterlockedAnd
#define _InterlockedAnd8 InterlockedAnd8
#define _InterlockedAnd16 InterlockedAnd16
#define _InterlockedAnd64 InterlockedAnd64
#define _InterlockedOr InterlockedOr
#define _InterlockedOr8 InterlockedOr8
#define _InterlockedOr16 InterlockedOr16
#define _InterlockedOr64 InterlockedOr64
#define _InterlockedXor InterlockedXor
#define _InterlockedXor8 InterlockedXor8
#define _InterlockedXor16 InterlockedXor16
#define _InterlockedXor64 InterlockedXor64
#define _interlockedbittestandset InterlockedBitTestAndSet
#define _interlockedbittestandset64 InterlockedBitTestAndSet64
#define _interlockedbittestandreset InterlockedBitTestAndReset
#define _interlockedbittestandreset64 InterlockedBitTestAndReset64

#define _byteswap_ushort __builtin_bswap16
#define _byteswap_ulong __builtin_bswap32
#define _byteswap_uint64 __builtin_bswap64
#define _ReturnAddress() __builtin_return_address(0)
#define _AddressOfReturnAddress() ((void *)((void **)__builtin_frame_address(0) + 1))

#ifdef __cplusplus
extern "C" {
#endif

/* _BitScanForward, _BitScanReverse - the lowest or highest bit that is set. Returns: 0 if none is, with Index
   undefined. */
static __inline__ unsigned char _BitScanForward(ULONG *Index, ULONG Mask)
{
    if (Mask == 0)
        return 0;
    *Index = (ULONG)__builtin_ctz(Mask);
    return 1;
}

static __inline__ unsigned char _BitScanReverse(ULONG *Index, ULONG Mask)
{
    if (Mask == 0)
        return 0;
    *Index = 31 - (ULONG)__builtin_clz(Mask);
    return 1;
}

static __inline__ unsigned char _BitScanForward64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0)
        return 0;
    *Index = (ULONG)__builtin_ctzll(Mask);
    return 1;
}

static __inline__ unsigned char _BitScanReverse64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0)
        return 0;
    *Index = 63 - (ULONG)__builtin_clzll(Mask);
    return 1;
}

/* __nop - an instruction that does nothing. __debugbreak - DebugBreak. */
static __inline__ void __nop(void)
{
    __asm__ __volatile__("nop");
}

#ifndef __debugbreak
#define __debugbreak() DebugBreak()
#endif

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* COVIEW_INTRIN_H */
