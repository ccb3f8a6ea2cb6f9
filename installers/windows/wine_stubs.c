/* Two libraries that every Windows 10 has and older Wine has not, for building and trying the program under Wine only.
 * They are never shipped. -DICUUC builds icuuc.dll: converters that do not open, which Qt takes for "no ICU here".
 * Otherwise bcryptprimitives.dll is built: random bytes from the older call of the same purpose. */
#ifdef ICUUC
#define FAILS(name) __declspec(dllexport) void *name(void) { return 0; }
FAILS(ucnv_open)
FAILS(ucnv_close)
FAILS(UCNV_FROM_U_CALLBACK_SUBSTITUTE)
FAILS(UCNV_TO_U_CALLBACK_SUBSTITUTE)
FAILS(ucnv_reset)
FAILS(ucnv_getMaxCharSize)
FAILS(ucnv_getName)
FAILS(ucnv_getToUCallBack)
FAILS(ucnv_getFromUCallBack)
FAILS(ucnv_setToUCallBack)
FAILS(ucnv_setFromUCallBack)
FAILS(ucnv_cbToUWriteUChars)
FAILS(ucnv_toUnicode)
FAILS(ucnv_cbFromUWriteUChars)
FAILS(ucnv_toUCountPending)
FAILS(ucnv_fromUCountPending)
FAILS(ucnv_getStandardName)
FAILS(ucnv_getAvailableName)
FAILS(ucnv_countAvailable)
FAILS(ucnv_fromUnicode)
#else
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    return SystemFunction036(buffer, (ULONG)length);
}
#endif
