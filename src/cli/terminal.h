// cli/terminal.h - what the terminals at both ends of the program can show.
#pragma once

namespace wirelens {

/// Columns of the terminal behind a descriptor, else $COLUMNS, else 80; 40 to 400.
unsigned columns_of(int descriptor);

/// Whether colours are welcome: a terminal, no NO_COLOR, not TERM=dumb.
bool takes_colour(int descriptor);

}  // namespace wirelens
