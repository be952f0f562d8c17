// Keys of a terminal: bytes, and what escape sequences stand for.
#ifndef KEYS_H
#define KEYS_H

enum {
    KEY_END_OF_INPUT = -1,
    KEY_CTRL_A = 1,
    KEY_CTRL_B,
    KEY_CTRL_C,
    KEY_CTRL_D,
    KEY_CTRL_E,
    KEY_CTRL_F,
    KEY_BELL = 7,
    KEY_BACKSPACE = 8,
    KEY_TAB = 9,
    KEY_NEWLINE = 10,
    KEY_CTRL_K = 11,
    KEY_CTRL_L = 12,
    KEY_RETURN = 13,
    KEY_CTRL_N = 14,
    KEY_CTRL_P = 16,
    KEY_CTRL_U = 21,
    KEY_CTRL_W = 23,
    KEY_CTRL_Y = 25,
    KEY_ESCAPE = 27,
    KEY_RUBOUT = 127,
    KEY_UP = 256,
    KEY_DOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_WORD_LEFT,
    KEY_WORD_RIGHT,
    KEY_UNKNOWN
};

/// Waits for a key on stdin. Bytes from 32 on are given as they are, UTF-8 in pieces.
int read_key(void);

#endif
