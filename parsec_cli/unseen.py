"""The characters that nobody sees, whatever the font."""

from __future__ import annotations

# Unicode's Default_Ignorable_Code_Point, whose characters have no shape of their own
_IGNORABLE = frozenset(
    chr(point)
    for first, last in (
        (0xAD, 0xAD),
        (0x34F, 0x34F),
        (0x61C, 0x61C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    )
    for point in range(first, last + 1)
)
# signs that fonts draw as nothing: the empty Braille pattern, the null notehead, the Khitan
# filler, the Egyptian blanks
_BLANK_GLYPHS = frozenset("\u2800\U0001d159\U00016fe4\U00013441\U00013442")
UNSEEN = _IGNORABLE | _BLANK_GLYPHS
