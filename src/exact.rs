//! exact-1, the arithmetic: the scalar definition that every engine meets bit for bit.
