/*
 * conio.h - single keys from the terminal, as Microsoft's C library reads them
 *
 * Keys come from standard input. If that is not a terminal, they are its bytes. What stdio has read ahead is not seen
 * here, and function keys are the sequences that the terminal sends.
 */
#ifndef COVIEW_CONIO_H
#define COVIEW_CONIO_H

#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the terminal give each key at once, unseen. Returns whether standard input is one; `before` is to be put back.
   */
static __inline__ int coview_terminal_by_key(struct termios *before)
{
    struct termios by_key;
    if (tcgetattr(STDIN_FILENO, before) != 0)
        return 0;
    by_key = *before;
    by_key.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    by_key.c_cc[VMIN] = 1;
    by_key.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSANOW, &by_key) == 0;
}

/* _getch - waits for a key and does not show it. Returns: the key, '\r' for Enter; EOF at the end of the input. */
static __inline__ int _getch(void)
{
    struct termios before;
    unsigned char key;
    int terminal, length;
    fflush(stdout);
    terminal = coview_terminal_by_key(&before);
    length = (int)read(STDIN_FILENO, &key, 1);
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    if (length != 1)
        return EOF;
    return terminal && key == '\n' ? '\r' : key;
}

/* _putch - shows a character. Returns: it. _cputs - shows a text. Returns: 0. */
static __inline__ int _putch(int character)
{
    int shown = putchar(character);
    fflush(stdout);
    return shown;
}

static __inline__ int _cputs(const char *text)
{
    fputs(text, stdout);
    return fflush(stdout);
}

/* _getche - waits for a key and shows it. Returns: as _getch. */
static __inline__ int _getche(void)
{
    int key = _getch();
    if (key != EOF)
        _putch(key);
    return key;
}

/* _kbhit - whether a key, or the end of the input, waits to be read. */
static __inline__ int _kbhit(void)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    struct termios before;
    int terminal = coview_terminal_by_key(&before);
    int waiting = poll(&input, 1, 0) > 0;
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return waiting;
}

#ifdef __cplusplus
} /* extern "C" */
#endif

#ifndef getch
#define getch _getch
#define getche _getche
#define putch _putch
#define kbhit _kbhit
#define cputs _cputs
#endif
#define _cprintf printf

#endif /* COVIEW_CONIO_H */
