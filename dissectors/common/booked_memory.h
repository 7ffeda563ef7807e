// common/booked_memory.h - memory for libraries that allocate by themselves, booked in the ledger.
#pragma once

#include <zlib.h>

#include <cstddef>

#include "base/ledger.h"

namespace wirelens {

/// Allocates as malloc() does, charged to Charge::carry of the Ledger that `ledger` points to.
void* allocate_booked(void* ledger, std::size_t size);
void release_booked(void* ledger, void* at);

/// Makes a zlib stream allocate from here. Call before inflateInit2().
void book(z_stream& stream, Ledger& ledger);

}  // namespace wirelens
