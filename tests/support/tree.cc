// support/tree.cc - keeps the support library a library.
#include "support/tree.h"
